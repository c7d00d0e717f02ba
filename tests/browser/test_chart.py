"""The chart: drawn, told exactly, walked by keyboard, honest about what it does not know."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit

#: How many pixels of the drawing have each of these colours of the style sheet.
PIXELS = """(names) => {
    const canvas = document.querySelector("[data-chart] canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const probe = document.createElement("i");
    probe.hidden = true;
    document.querySelector("[data-chart]").append(probe);
    const count = (name) => {
        probe.style.color = `var(--${name})`;
        const [r, g, b] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
        let found = 0;
        for (let i = 0; i < data.length; i += 4) {
            const off = Math.abs(data[i] - r) + Math.abs(data[i + 1] - g)
                + Math.abs(data[i + 2] - b);
            if (data[i + 3] > 200 && off < 12) found += 1;
        }
        return found;
    };
    const found = Object.fromEntries(names.map((name) => [name, count(name)]));
    probe.remove();
    return found;
}"""


def pixels(page: Page, *names: str) -> dict[str, int]:
    found: dict[str, int] = page.evaluate(PIXELS, names)
    return found


def told(page: Page) -> dict[str, str]:
    """Return what the tooltip says."""
    tip = page.locator(".chart-tip")
    expect(tip).to_be_visible()
    names, amounts = tip.locator("dt").all_inner_texts(), tip.locator("dd").all_inner_texts()
    return dict(zip(names, amounts, strict=True)) | {
        "note": tip.locator(".tip-note").first.inner_text()
    }


def test_the_chart_draws_lines_bars_and_hatched_stretches(treasurer: Visit) -> None:
    treasurer.go("/?asset=ETH")
    page = treasurer.drawn()
    drawn = pixels(page, "series-total", "series-in", "series-out", "hatch", "line-strong")
    assert drawn.pop("series-out") == 0  # nothing is on its way out
    assert min(drawn.values()) > 50, drawn
    expect(page.locator(".chart-marks li").last).to_contain_text("Trading joined")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_below_moves_under_the_pointer_when_the_points_arrive(
    treasurer: Visit, width: int
) -> None:
    page = treasurer.page
    page.set_viewport_size({"width": width, "height": 900})
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/series/**", hold)
    with page.expect_request("**/series/**"):
        treasurer.go("/?asset=ETH")
    places = """() => [...document.querySelectorAll("#main h2, #main td")]
        .map((each) => each.getBoundingClientRect().top)"""
    before = page.evaluate(places)
    for route in held:
        route.continue_()
    treasurer.drawn()
    expect(page.locator(".chart-marks li").first).to_be_visible()
    assert page.evaluate(places) == before


def test_the_tooltip_tells_all_four_amounts_exactly_and_arrow_keys_move_it(
    treasurer: Visit,
) -> None:
    treasurer.go("/?asset=ETH")
    page = treasurer.drawn()
    page.locator(".chart-stage").focus()
    page.keyboard.press("End")
    last = told(page)
    assert {name: last[name] for name in ("Total", "Available", "Pending in", "Pending out")} == {
        "Total": "1,234.567890123456789012",
        "Available": "1,234.000000000000000001",
        "Pending in": "0.567890123456789011",
        "Pending out": "0.000000000000000000",
    }
    assert last["note"] == "2 of 2 accounts observed"
    when = page.locator(".tip-when").inner_text()
    page.keyboard.press("ArrowLeft")
    assert page.locator(".tip-when").inner_text() != when
    page.keyboard.press("ArrowRight")
    assert page.locator(".tip-when").inner_text() == when
    expect(page.locator(".chart-holder [aria-live]")).to_contain_text("1,234.567890123456789012")
    page.keyboard.press("Escape")
    expect(page.locator(".chart-tip")).to_be_hidden()
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 40)
    assert told(page)["Available"] == "1,234.000000000000000001"


def test_unknown_is_not_zero_and_carried_is_said(treasurer: Visit) -> None:
    treasurer.go("/?asset=ETH")
    page = treasurer.drawn()
    page.locator(".chart-stage").focus()
    page.keyboard.press("Home")
    first = told(page)
    assert [first[name] for name in ("Total", "Available", "Pending in", "Pending out")] == (
        ["unknown"] * 4
    )
    assert first["note"] == "Unknown: no snapshot yet"
    notes = set()
    for _ in range(50):
        page.keyboard.press("Shift+ArrowRight")
        notes.add(told(page)["note"])
    said = re.compile(r"0 of \d+ accounts observed, 1 carried, \d+ unknown and in no total")
    assert any(said.fullmatch(note) for note in notes), notes
    page.get_by_text("Same numbers as a table").click()
    expect(page.locator(".figures-series tr", has_text="unknown").last).to_be_visible()


def test_a_chart_that_cannot_be_fetched_says_so_and_tries_again(treasurer: Visit) -> None:
    treasurer.page.route("**/series/**", lambda route: route.abort())
    page = treasurer.go("/?asset=ETH")
    expect(page.locator(".chart-status")).to_contain_text("could not be loaded")
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    treasurer.drawn()
    treasurer.excuse("ERR_FAILED")


def told_totals(page: Page, *totals: str | None, **more: object) -> None:
    """Let the chart's next points have these totals at their end, and none before."""

    def answer(route: Route) -> None:
        series = route.fetch().json()
        count = len(series["at"])
        column = [None] * (count - len(totals)) + list(totals)
        for name in ("total", "available", "low", "high"):
            series[name] = column
        series["pending_in"] = series["pending_out"] = ["0" if one else None for one in column]
        route.fulfill(json=series | more)

    page.route("**/series/**", answer)


DUST = [
    ("32.000000000000000000", "32.000000000000010000"),
    ("64000.000000000000000000", "64000.000000000000000500"),
    ("10000000000000000", "10000000000000002"),
    (f"1{'0' * 42}", f"1{'0' * 41}1"),
    (f"1{'0' * 77}", f"2{'0' * 77}"),
    (f"0.{'0' * 29}1", f"0.{'0' * 29}1"),
]


@pytest.mark.parametrize("totals", DUST)
def test_no_amounts_freeze_the_page_or_leave_the_chart_empty(
    treasurer: Visit, totals: tuple[str, str]
) -> None:
    page = treasurer.page
    told_totals(page, *totals, *totals[::-1], *totals)
    treasurer.go("/?asset=ETH")
    treasurer.drawn()
    assert pixels(page, "series-total")["series-total"] > 10
    for width in (700, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.keyboard.press("0")
    page.locator(".chart-stage").focus()
    page.keyboard.press("End")
    assert told(page)["Total"].replace(",", "") == totals[1]
    for key in ("+", "+", "0"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Theme").click()
    page.emulate_media(media="print")
    assert page.locator("[data-chart]").get_attribute("data-state") == "ready"
    assert pixels(page, "series-total")["series-total"] > 10


def test_one_known_point_is_a_dot_and_words(treasurer: Visit) -> None:
    told_totals(treasurer.page, "5.00")
    treasurer.go("/?asset=ETH")
    page = treasurer.drawn()
    assert pixels(page, "series-total")["series-total"] > 10
    expect(page.locator(".chart-status")).to_contain_text("One point so far")


def test_a_drawing_that_breaks_off_says_so_and_offers_the_table(treasurer: Visit) -> None:
    page = treasurer.page
    page.add_init_script(
        """window.clears = CanvasRenderingContext2D.prototype.clearRect;
        CanvasRenderingContext2D.prototype.clearRect = () => { throw new Error("no drawing") };"""
    )
    treasurer.go("/?asset=ETH")
    holder = page.locator("[data-chart]")
    expect(page.locator(".chart-status")).to_contain_text("The chart could not be drawn")
    assert holder.get_attribute("data-state") == "failed"
    page.get_by_role("button", name="Show the same numbers as a table").click()
    expect(page.locator(".figures-series")).to_be_visible()
    page.evaluate("() => { CanvasRenderingContext2D.prototype.clearRect = clears }")
    page.get_by_role("button", name="Try again").click()
    treasurer.drawn()
    # And a drawing that is there, at whatever makes it draw again.
    page.evaluate(
        """() => {
            CanvasRenderingContext2D.prototype.clearRect = () => { throw Error("no drawing"); };
        }"""
    )
    page.locator(".chart-stage").focus()
    page.keyboard.press("+")
    expect(page.locator(".chart-status")).to_contain_text("The chart could not be drawn")
    assert holder.get_attribute("data-state") == "failed"
    treasurer.excuse("no drawing")


def test_a_zone_that_the_browser_does_not_know_is_utc_and_said(treasurer: Visit) -> None:
    told_totals(treasurer.page, "5.00", "6.00", zone="Nowhere/Land")
    treasurer.go("/?asset=ETH")
    page = treasurer.drawn()
    expect(page.locator(".chart-marks")).to_contain_text("does not know the time zone Nowhere/Land")
    page.locator(".chart-stage").focus()
    page.keyboard.press("End")
    expect(page.locator(".tip-when")).to_contain_text("UTC")


def test_a_point_is_called_by_the_end_of_its_step(treasurer: Visit) -> None:
    treasurer.go("/?asset=ETH")
    page = treasurer.drawn()
    page.locator(".chart-stage").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert re.search(r", \d\d:00 UTC$", page.locator(".tip-when").inner_text())


def test_an_open_tooltip_follows_its_point_into_a_narrower_window(treasurer: Visit) -> None:
    treasurer.go("/?asset=ETH")
    page = treasurer.drawn()
    page.locator(".chart-stage").focus()
    page.keyboard.press("End")
    said = told(page)
    page.set_viewport_size({"width": 500, "height": 900})
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    # The policy of the page allows no function made of text to wait with.
    for _ in range(200):
        if not page.evaluate(wide):
            break
        page.evaluate("() => new Promise(requestAnimationFrame)")
    assert not page.evaluate(wide)
    assert told(page) == said
