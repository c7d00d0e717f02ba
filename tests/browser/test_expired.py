"""A session that ended under an open page: whatever is fetched next, the whole page signs in."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from balances.models import Refresh
from tests.browser.conftest import Visit
from tests.browser.world import World
from tests.support import props

Act = Callable[[Page], object]


def polled(page: Page) -> None:
    page.evaluate("htmx.trigger('#figures', 'refresh')")


def opened(page: Page) -> None:
    page.locator("details[data-row] > summary").first.click()


def drawn_anew(page: Page) -> None:
    page.get_by_role("link", name="7D", exact=True).click()


def refreshed(page: Page) -> None:
    page.locator("[data-refresh]").first.click()


@pytest.mark.parametrize(
    ("path", "act"),
    [
        ("/?asset=ETH&range=24h", polled),
        ("/?asset=ETH&range=24h", opened),
        ("/?asset=ETH&range=24h", drawn_anew),
        ("/accounts/", polled),
        ("/accounts/", opened),
        ("/accounts/", refreshed),
        ("/accounts/{uid}/", polled),
        ("/accounts/{uid}/", drawn_anew),
        ("/accounts/{uid}/", refreshed),
    ],
)
def test_a_whole_page_signs_in_and_leads_back(
    visitor: Visit, world: World, path: str, act: Act
) -> None:
    here = path.format(uid=world.custody.uid)
    page = visitor.sign_in("treasurer", here)
    page.locator("#figures").wait_for()
    # What is still being fetched would notice the end of the session before the act does.
    page.wait_for_load_state("networkidle")
    before = Refresh.objects.count()
    page.context.clear_cookies(name="session")
    act(page)
    page.wait_for_url("**/sign-in/**")
    expect(page.locator("#figures, .top-nav")).to_have_count(0)
    page.get_by_label("E-mail").fill("treasurer@example.com")
    page.get_by_label("Password").fill(props.PASSWORD)
    page.keyboard.press("Enter")
    page.locator("#figures").wait_for()
    expected = here.partition("?")[0]
    assert page.url.removeprefix(visitor.site).partition("?")[0] == expected
    assert Refresh.objects.count() == before, "what was asked for without a session was done"


def test_a_refresh_without_a_session_asks_for_nothing_more(visitor: Visit, world: World) -> None:
    page = visitor.sign_in("treasurer", f"/accounts/{world.custody.uid}/")
    page.locator("#figures").wait_for()
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies(name="session")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    refreshed(page)
    page.get_by_label("Password").wait_for()
    assert asked.count("/sign-in/") == 1, asked
    assert not [path for path in asked if path.endswith("/figures/")], asked
