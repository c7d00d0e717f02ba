"""Around the figures: hiding, copying, themes, what a page costs, and that it fits."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_chart import pixels, told
from tests.browser.world import World

EXACT = "1234.567890123456789012"


def copied(page: Page) -> str:
    """Return what was copied, as soon as something was."""
    text = ""
    while not text:
        text = page.evaluate("navigator.clipboard.readText()")
    page.evaluate("navigator.clipboard.writeText('')")
    return text


def test_copying_gives_full_precision(treasurer: Visit) -> None:
    treasurer.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = treasurer.go("/?asset=ETH")
    amount = page.locator(".headline-figure .amount")
    amount.click()
    expect(amount).to_have_attribute("data-copied", "Copied")
    assert copied(page) == EXACT
    # By keyboard, and inside a selection.
    page.locator('[id="row-production:ETH"] .total .amount').focus()
    page.keyboard.press("Enter")
    assert copied(page) == EXACT
    page.evaluate("""() => getSelection().selectAllChildren(
        document.querySelector('[id="row-production:ETH"]'))""")
    page.keyboard.press("Control+c")
    assert copied(page).split("\t")[:4] == [
        "ETH", EXACT, "1234.000000000000000001", "0.567890123456789011",
    ]  # fmt: skip


def test_the_eye_hides_every_amount_and_keeps_doing_so(treasurer: Visit) -> None:
    treasurer.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = treasurer.go("/?asset=ETH")
    page.get_by_role("button", name="Hide amounts").click()
    page.reload()
    treasurer.drawn()
    sizes = page.locator(".amount").evaluate_all(
        "all => all.map((a) => getComputedStyle(a).fontSize)"
    )
    assert set(sizes) == {"0px"}
    page.locator(".chart-stage").focus()
    page.keyboard.press("End")
    assert told(page)["Total"] == "••••••"
    page.evaluate("navigator.clipboard.writeText('nothing')")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.headline'))")
    page.keyboard.press("Control+c")
    assert EXACT not in copied(page)
    page.get_by_role("button", name="Show amounts").click()
    page.locator(".chart-stage").focus()
    page.keyboard.press("End")
    assert told(page)["Total"] == "1,234.567890123456789012"


def test_the_theme_changes_at_once_and_stays(treasurer: Visit) -> None:
    treasurer.go()
    page = treasurer.drawn()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    button = page.locator("[data-theme-button]")
    button.click()
    button.click()
    expect(button).to_have_attribute("aria-label", "Theme: dark. Change to system")
    expect(page.locator("html")).not_to_have_css("background-color", "rgb(255, 255, 255)")
    dark = page.evaluate(ground)
    page.reload()
    assert page.evaluate(ground) == dark
    treasurer.drawn()
    assert pixels(page, "series-total")["series-total"] > 50  # drawn in the dark theme's colour


def test_a_first_load_is_small_and_asks_nobody_else(treasurer: Visit) -> None:
    session = treasurer.context.new_cdp_session(treasurer.page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    treasurer.go()
    treasurer.drawn()
    treasurer.page.wait_for_load_state("networkidle")
    assert len(treasurer.requests) <= 15, [request.url for request in treasurer.requests]
    assert sum(sizes) <= 150_000


#: Half of 1440 is what is left of it at twice the size.
@pytest.mark.parametrize("width", [390, 720, 1024, 1440])
def test_no_page_scrolls_sideways(treasurer: Visit, world: World, width: int) -> None:
    treasurer.page.set_viewport_size({"width": width, "height": 900})
    one = f"/accounts/{world.custody.uid}/"
    opened = f"/?asset=ETH&open=production:ETH&open=account:{world.custody.uid}"
    for path in (opened, "/accounts/", one, f"{one}archive/", "/accounts/add/", "/profile/"):
        page = treasurer.go(path)
        if page.locator("[data-chart]").count():
            treasurer.drawn()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


LENGTHEN = """text => {
    for (const amount of document.querySelectorAll("td .amount")) {
        if (amount.checkVisibility()) amount.textContent = text;
    }
}"""


@pytest.mark.parametrize("width", [390, 1024, 1376, 1440])
def test_amounts_of_any_length_stay_on_the_page(treasurer: Visit, world: World, width: int) -> None:
    treasurer.page.set_viewport_size({"width": width, "height": 900})
    for path in ("/?open=production:ETH", f"/accounts/{world.custody.uid}/", "/asset/?asset=ETH"):
        page = treasurer.go(path)
        treasurer.drawn()
        if path.startswith("/?"):
            page.locator("td.moved[data-of] .amount").first.wait_for()
        page.evaluate(LENGTHEN, "999,999,999,999,999.12345678…")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_links_and_amounts_are_large_enough_for_a_finger(treasurer: Visit, world: World) -> None:
    treasurer.page.set_viewport_size({"width": 390, "height": 900})
    one = f"/accounts/{world.custody.uid}/"
    for path in ("/", "/accounts/", one, f"{one}key/", "/pending/", "/profile/"):
        page = treasurer.go(path)
        if page.locator("[data-chart]").count():
            treasurer.drawn()
        assert page.evaluate(SMALL) == [], path


SMALL = """() => [...document.querySelectorAll("a, button, summary, select, input, .amount")]
    .filter((one) => one.checkVisibility() && !one.matches(".skip, .visually-hidden *"))
    .map((one) => [one.className, one.textContent.trim(), one.closest("label") ?? one])
    .filter(([,, one]) => one.offsetHeight && one.getBoundingClientRect().height < 24)
    .map(([kind, text]) => `${kind}: ${text}`)"""


def test_the_entries_of_ones_menu_begin_in_one_line_and_meet_a_finger(treasurer: Visit) -> None:
    page = treasurer.go("/profile/")
    page.get_by_label("Your menu").click()
    panel = page.locator(".menu-panel:has(> .menu-who)")
    boxes = panel.locator("a, button").evaluate_all(
        """all => all.map((one) => {
            const text = document.createRange();
            text.selectNodeContents(one);
            return {x: text.getBoundingClientRect().x, height: one.offsetHeight};
        })"""
    )
    assert len(boxes) == 4
    assert len({round(box["x"]) for box in boxes}) == 1
    assert min(box["height"] for box in boxes) >= 24
    # The address stays in one line, and one too long for the menu breaks after its @.
    address = panel.locator(".menu-who span")
    assert address.evaluate("one => one.getClientRects().length") == 1
    line = address.evaluate("""one => {
        one.innerHTML = 'a-person-of-a-long-name@<wbr>company<wbr>.of-many-words<wbr>.example';
        const first = document.createRange();
        first.setStart(one.firstChild, 0);
        first.setEnd(one.firstChild, one.firstChild.length);
        return first.getClientRects().length;
    }""")
    assert line == 1
