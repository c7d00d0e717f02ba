"""After signing out: nothing comes back, and the browser keeps nothing but how things look."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_people import EXACT_ETH
from tests.browser.world import World
from tests.support import props

EVERYTHING_KEPT = """async () => ({
    local: { ...localStorage },
    session: { ...sessionStorage },
    caches: await caches.keys(),
    databases: (await indexedDB.databases()).map((one) => one.name),
    cookies: document.cookie.split("; ").sort(),
})"""


def sign_out(page: Page) -> None:
    page.get_by_label("Your menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")


@pytest.fixture
def left(visitor: Visit, world: World) -> Page:
    """A browser in which somebody walked by links, by fragments and by history, then signed out."""
    page = visitor.sign_in("viewer", "/?asset=ETH")
    expect(page.locator(".headline-figure .amount")).to_have_attribute("title", EXACT_ETH)
    page.locator("#chart-holder").wait_for()
    page.get_by_role("link", name="7D", exact=True).click()  # by htmx, which writes the history
    page.wait_for_url("**range=7d**")
    visitor.go(f"/accounts/{world.custody.uid}/")
    page.locator("[data-theme-button]").click()
    page.get_by_role("button", name="Hide amounts").click()
    visitor.go("/profile/")
    sign_out(page)
    return page


def test_after_sign_out_nothing_comes_back(left: Page) -> None:
    for _ in range(4):
        left.go_back()
        left.wait_for_load_state()
        expect(left.locator(".top-nav")).to_have_count(0)
        told = left.content()
        assert not [word for word in ("viewer@example.com", "Custody", "1234.5678") if word in told]
    for _ in range(2):
        left.go_forward()
        left.wait_for_load_state()
        expect(left.locator(".top-nav")).to_have_count(0)


def test_the_browser_keeps_how_things_look_and_nothing_else(left: Page) -> None:
    kept = left.evaluate(EVERYTHING_KEPT)
    assert kept.pop("cookies") == ["amounts=hidden", "theme=light"]
    assert kept == {"local": {}, "session": {}, "caches": [], "databases": []}
    expect(left.locator("html")).to_have_attribute("data-theme", "light")
    left.get_by_label("E-mail").fill("viewer@example.com")
    left.get_by_label("Password").fill(props.PASSWORD)
    left.keyboard.press("Enter")
    left.wait_for_selector(".top-nav")
    # Amounts that somebody hid are not shown to whoever stands behind them at the next sign-in.
    expect(left.locator("html")).to_have_attribute("data-amounts", "hidden")
