"""Comparisons and pages of assets in a real browser: by keyboard, narrow, and without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.world import World

DRAWN = '[data-overlay][data-state="ready"] canvas'
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"


def told(page: Page) -> list[str]:
    tip = page.locator(".overlay .chart-tip")
    expect(tip).to_be_visible()
    return tip.locator("dd").all_inner_texts()


def test_two_accounts_are_chosen_drawn_and_walked_by_keyboard(
    treasurer: Visit, world: World
) -> None:
    page = treasurer.go(f"/accounts/{world.custody.uid}/")
    page.get_by_role("link", name="Compare with another account").click()
    page.get_by_label("B", exact=True).fill("trading")
    page.keyboard.press("Enter")
    page.wait_for_selector(DRAWN)
    page.locator(".chart-stage").focus()
    page.keyboard.press("End")
    newest = told(page)
    page.keyboard.press("Home")
    assert told(page)[1] == "unknown"  # Trading joined later
    page.locator("#overlay-table summary").click()
    cells = page.locator("#overlay-table tbody tr").first.locator("td").all_inner_texts()
    assert cells[:2] == newest
    page.keyboard.press("Escape")
    page.locator(".figures-compared").get_by_role("link", name="ETH").click()
    expect(page.get_by_role("heading", name="Total of ETH")).to_be_visible()
    page.get_by_role("link", name="24H").click()
    expect(page).to_have_url(re.compile("range=24h"))
    expect(page.locator(DRAWN)).to_be_visible()
    page.locator(".chart-stage").focus()
    page.keyboard.press("Home")
    assert told(page)[1] == "unknown"


@pytest.mark.parametrize("width", [390, 1024])
def test_nothing_is_cut_off_sideways(treasurer: Visit, world: World, width: int) -> None:
    treasurer.page.set_viewport_size({"width": width, "height": 900})
    for path in (
        "/asset/?asset=ETH",
        "/pending/",
        "/compare/?by=periods",
        f"/compare/?by=accounts&a={world.custody.uid}&b={world.trading.uid}",
    ):
        page = treasurer.go(path)
        assert not page.evaluate(SIDEWAYS), path


def test_the_name_of_an_asset_leads_to_its_page_and_the_row_opens_still(treasurer: Visit) -> None:
    page = treasurer.go("/")
    row = page.locator('[id="row-production:BTC"]')
    row.locator("summary").click()
    page.locator('[id="parts-production:BTC"] .amount').first.wait_for()
    row.get_by_role("link", name="BTC").click()
    expect(page.get_by_role("heading", name="Accounts that hold it")).to_be_visible()
    assert treasurer.poll() in {200, 204}
