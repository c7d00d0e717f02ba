"""A page that is open all day: what changes swaps in, all else stays as the reader left it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.world import ETHER, LEVELS, SATOSHIS, World

TYPED = "2026-03-02T10:30"


@pytest.fixture(autouse=True)
def _restored(world: World) -> Iterator[None]:
    """Leave the shared world as it was, however a test ends."""
    yield
    world.now_holds(**LEVELS)


def test_figures_swap_in_place_and_open_rows_typed_text_and_focus_stay(
    treasurer: Visit, world: World
) -> None:
    page = treasurer.go("/?asset=BTC")
    treasurer.drawn()
    asset = page.locator('[id="parts-production:BTC"]')
    account = page.locator(f'[id="parts-account:{world.custody.uid}"]')
    page.locator('[id="row-production:BTC"] summary').click()
    page.locator(f'[id="row-account:{world.custody.uid}"] summary').click()
    expect(asset.locator(".total").first).to_have_text("312.40918273")
    expect(account.locator(".total").first).to_have_text("312.40918273")
    page.get_by_text("Custom", exact=True).click()
    page.locator("#range-from").fill(TYPED)
    page.evaluate("document.querySelector('[id=\"parts-production:BTC\"] tr').isTheSame = true")

    world.now_holds(**LEVELS | {"BTC": (99_00000001, 99_00000001, 0, 0, SATOSHIS)})
    assert treasurer.poll() == 200

    expect(page.locator(".headline-figure .amount")).to_have_text("104.00000001")
    expect(page.locator('[id="row-production:BTC"] .total')).to_have_text("104.00000001")
    expect(asset.locator(".total").first).to_have_text("99.00000001")
    expect(account.locator(".total").first).to_have_text("99.00000001")
    expect(asset.locator(".total").first).to_be_visible()
    expect(page.locator("#range-from")).to_have_value(TYPED)
    expect(page.locator("#range-from")).to_be_focused()
    assert page.evaluate(
        "document.querySelector('[id=\"parts-production:BTC\"] tr').isTheSame === true"
    )
    # Parts came with their sum in one answer: nobody asked for them again.
    assert sum("/overview/asset/" in request.url for request in treasurer.requests) == 1


def test_parts_come_when_a_row_opens_and_not_before(treasurer: Visit, world: World) -> None:
    page = treasurer.go("/accounts/")
    expect(page.locator(".amount")).to_have_count(0)
    row = page.locator(f'[id="row-account:{world.custody.uid}"]')
    with page.expect_response("**/parts/") as answer:
        row.locator("summary").click()
    assert answer.value.status == 200
    parts = page.locator(f'[id="parts-account:{world.custody.uid}"]')
    eth = parts.locator("tbody tr", has_text="ETH").locator(".total .amount")
    expect(eth).to_have_attribute("data-exact", "1234.567890123456789012")
    # Closed and opened again: what is shown is fetched anew.
    row.locator("summary").click()
    expect(eth).to_be_hidden()
    world.now_holds(**LEVELS | {"ETH": (7 * ETHER, 7 * ETHER, 0, 0, ETHER)})
    row.locator("summary").click()
    expect(eth).to_have_attribute("data-exact", "7.000000000000000000")


def test_an_answer_that_came_too_late_does_not_empty_an_open_row(
    treasurer: Visit, world: World
) -> None:
    page = treasurer.go()
    treasurer.drawn()
    parts = page.locator('[id="parts-production:BTC"]')
    world.is_seen()
    # The row opens while the answer to a question without it is under way.
    page.route(
        "**/overview/figures/**",
        lambda route: route.continue_(url=route.request.url.replace("open=", "closed=")),
    )
    page.locator('[id="row-production:BTC"] summary').click()
    expect(parts.locator(".total").first).to_have_text("312.40918273")
    world.now_holds(**LEVELS | {"BTC": (1, 1, 0, 0, SATOSHIS)})
    with page.expect_response("**/overview/asset/**"):
        treasurer.poll()
    expect(parts.locator(".total").first).to_have_text("0.00000001")
    page.unroute_all()


def test_an_unchanged_page_is_left_alone(treasurer: Visit) -> None:
    page = treasurer.go()
    treasurer.drawn()
    expect(page.locator(".moved-day[data-of]").first).to_be_visible()
    for _ in range(3):  # around a full minute ages change, and with them the page
        page.evaluate("""() => {
            window.changes = 0;
            const figures = document.getElementById("figures");
            window.watcher = new MutationObserver((list) => {
                window.changes += list.filter((m) => m.target.localName !== "time"
                    && m.attributeName !== "class").length;
            });
            window.watcher.observe(figures,
                { subtree: true, childList: true, attributes: true });
        }""")
        status = treasurer.poll()
        changes = page.evaluate("window.watcher.disconnect(), window.changes")
        if status == 204:
            break
    assert (status, changes) == (204, 0)


def test_refresh_now_shows_its_progress_and_then_a_new_age(treasurer: Visit, world: World) -> None:
    page = treasurer.go(f"/accounts/{world.custody.uid}/")
    treasurer.drawn()
    button = page.locator("#refresh-now")
    button.click()
    expect(button).to_have_text("Refreshing…")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_be_focused()
    expect(page.locator(".refresh-note")).to_have_text("Refreshing…")
    world.works()
    expect(button).to_have_text("Refresh now")  # the page looks every two seconds meanwhile
    expect(page.locator(".refresh-note")).to_have_text("Refreshed just now")
    expect(page.locator(".account-state")).to_contain_text("Fresh just now")


def test_a_dead_server_is_said_and_no_row_shows_old_parts(treasurer: Visit) -> None:
    page = treasurer.go()
    treasurer.drawn()
    page.route("**/overview/**", lambda route: route.abort())
    page.evaluate("htmx.trigger('#figures', 'refresh')")
    expect(page.locator("#live-line")).to_contain_text("Not live")
    page.locator('[id="row-production:BTC"] summary').click()
    parts = page.locator('[id="parts-production:BTC"]')
    expect(parts).to_contain_text("Could not be loaded.")
    page.unroute_all()
    parts.get_by_role("button", name="Try again").click()
    expect(parts.locator(".total").first).to_have_text("312.40918273")
    expect(page.locator("#live-line")).to_be_hidden()
    treasurer.excuse("ERR_FAILED", "htmx:")


def test_a_row_opens_by_a_click_beside_what_is_in_it(treasurer: Visit) -> None:
    page = treasurer.go()
    row = page.locator('[id="row-production:BTC"] tr.lead')
    opened = row.locator("details[open]")
    box = row.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 3)
    expect(opened).to_have_count(1)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 3)
    expect(opened).to_have_count(0)
    row.locator(".amount").first.click()  # copies
    expect(opened).to_have_count(0)
