"""What a key sees, said in the browser: by keyboard, at every width, without a shift."""

import pytest
from playwright.sync_api import expect

from accounts.models import Extent
from tests.browser.conftest import Visit
from tests.browser.test_people import tab_to
from tests.browser.world import World


@pytest.mark.parametrize("width", [390, 1440])
def test_it_is_said_by_keyboard_and_marked_without_a_page_wider_than_the_screen(
    treasurer: Visit, world: World, width: int
) -> None:
    treasurer.page.set_viewport_size({"width": width, "height": 900})
    page = treasurer.go(f"/accounts/{world.custody.uid}/key/")
    page.get_by_role("link", name="Which wallets it sees").click()
    tab_to(page, "[name=wallets]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".message").first).to_contain_text("see only some wallets from now on")
    try:
        for path in ("/", "/accounts/", "/pending/", "/asset/?asset=ETH", "/accounts/add/"):
            page = treasurer.go(path)
            if path != "/accounts/add/":
                expect(page.locator(".tag-partial").first).to_be_visible()
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert overflow <= 0, path
    finally:
        page = treasurer.go(f"/accounts/{world.custody.uid}/key/wallets/")
        page.get_by_label("All wallets").check()
        page.get_by_role("button", name="Save").click()
        # The page asks for the session before it sends: leaving earlier would send nothing.
        expect(page.locator(".message").first).to_contain_text("see all wallets from now on")
        expect(page.locator(".tag-partial")).to_have_count(0)
    assert Extent.objects.count()
