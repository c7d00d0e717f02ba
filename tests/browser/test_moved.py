"""How assets moved comes after the page: into its own places, beside the total that it is of."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.world import LEVELS, SATOSHIS, World

CHANGES = "**/overview/changes/**"
SHOWN = "h2, .figures-moved tr, .figures-moved tr.lead > *"
PLACES = f"""() => [...document.querySelectorAll("{SHOWN}")]
    .map((one) => one.getBoundingClientRect())
    .map((box) => [box.x, box.y, box.width, box.height].map(Math.round).join(" "))"""


@pytest.fixture(autouse=True)
def _restored(world: World) -> Iterator[None]:
    """Leave the shared world as it was, however a test ends."""
    yield
    world.now_holds(**LEVELS)


def day(page: Page) -> Any:
    """Return the cell that says how BTC moved in a day."""
    return page.locator('[id="row-production:BTC"] .moved-day')


def held_back(page: Page) -> list[Route]:
    """Let no answer about changes come before the test goes on with it."""
    waiting: list[Route] = []

    def keep(route: Route) -> None:
        waiting.append(route)

    page.route(CHANGES, keep)
    return waiting


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_nothing_shifts_when_the_cells_come(treasurer: Visit, width: int) -> None:
    page = treasurer.page
    page.set_viewport_size({"width": width, "height": 900})
    waiting = held_back(page)
    with page.expect_request(CHANGES):
        treasurer.go()
    treasurer.drawn()
    expect(day(page)).to_be_empty()
    before = page.evaluate(PLACES)
    waiting[0].continue_()
    expect(day(page).locator(".amount")).to_be_visible()
    assert page.evaluate(PLACES) == before
    page.unroute_all()


def test_a_cell_stands_beside_the_total_that_it_is_of_or_not_at_all(
    treasurer: Visit, world: World
) -> None:
    page = treasurer.go()
    treasurer.drawn()
    cell, total = day(page), page.locator('[id="row-production:BTC"] .total .amount')
    expect(cell).to_have_attribute("data-of", "317.40918273")
    waiting = held_back(page)
    world.now_holds(**LEVELS | {"BTC": (99_00000001, 99_00000001, 0, 0, SATOSHIS)})
    with page.expect_request(CHANGES):
        assert treasurer.poll() == 200
    expect(total).to_have_text("104.00000001")
    expect(cell).to_be_empty()
    waiting[0].continue_()
    expect(cell).to_have_attribute("data-of", "104.00000001")
    expect(cell.locator(".amount")).to_be_visible()
    page.unroute_all()


def test_what_did_not_change_is_left_in_place(treasurer: Visit, world: World) -> None:
    page = treasurer.go()
    treasurer.drawn()
    expect(day(page).locator(".amount")).to_be_visible()
    page.evaluate("document.querySelector('.moved-day .amount').isTheSame = true")
    world.is_seen()
    assert treasurer.poll() == 200
    assert page.evaluate("document.querySelector('.moved-day .amount').isTheSame === true")


def test_a_failure_is_said_and_can_be_tried_again(treasurer: Visit) -> None:
    page = treasurer.page
    page.route(CHANGES, lambda route: route.fulfill(status=500))
    treasurer.go()
    again = day(page).get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    page.unroute(CHANGES)
    again.click()
    expect(day(page).locator(".amount")).to_be_visible()
    expect(again).to_have_count(0)
    treasurer.excuse("500")


def test_hidden_amounts_hide_them_too(treasurer: Visit) -> None:
    page = treasurer.go()
    treasurer.drawn()
    line = page.locator('[id="row-production:BTC"] .spark')
    expect(line).to_be_visible()
    expect(day(page).locator(".moved-share")).to_be_visible()
    page.get_by_role("button", name="Hide amounts").click()
    expect(line).to_be_hidden()
    expect(day(page).locator(".moved-share")).to_be_hidden()
    page.get_by_role("button", name="Show amounts").click()
    expect(line).to_be_visible()
