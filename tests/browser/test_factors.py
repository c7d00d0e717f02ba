"""Second factors in a real browser: an authenticator app, and a passkey on a virtual device."""

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.support import props
from tests.support.codes import code

SECURITY = "/profile/security/"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def at_localhost(new_visit: Any) -> Visit:
    """Somebody at the name that passkeys work at."""
    visit: Visit = new_visit()
    visit.site = visit.site.replace("127.0.0.1", "localhost")
    return visit


class Device:
    """A device that keeps passkeys, as Chromium plays it."""

    def __init__(self, visit: Visit) -> None:
        self.link = visit.context.new_cdp_session(visit.page)
        self.link.send("WebAuthn.enable")
        added = self.link.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        self.which = {"authenticatorId": added["authenticatorId"]}

    def knows_its_holder(self, *, yes: bool) -> None:
        self.link.send("WebAuthn.setUserVerified", {**self.which, "isUserVerified": yes})

    def holds(self) -> int:
        return len(self.link.send("WebAuthn.getCredentials", self.which)["credentials"])


def sign_out(page: Page) -> None:
    page.get_by_label("Your menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")


def type_password(page: Page, name: str) -> None:
    page.get_by_label("E-mail").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(props.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/second/")


def type_code(page: Page, label: str, secret: str) -> None:
    """Type what the app shows; once more if its half minute ends just then."""
    for _ in range(2):
        field = page.get_by_label(label)
        field.fill(code(secret, time.time()))
        with page.expect_navigation():
            page.keyboard.press("Enter")
        if not page.locator(".field-error").count():
            return


def test_an_authenticator_app_from_its_set_up_to_the_next_sign_in(visitor: Visit) -> None:
    page = visitor.sign_in("appholder", SECURITY)
    page.get_by_role("link", name="Set up an app").click()
    picture = page.locator(".code-picture svg").bounding_box()
    assert picture is not None
    assert picture["width"] > 150
    secret = page.locator(".secret-text code").inner_text()
    type_code(page, "Code that the app shows", secret)
    expect(page.locator(".codes code")).to_have_count(10)
    recovery = page.locator(".codes code").first.inner_text()
    sign_out(page)
    type_password(page, "appholder")
    type_code(page, "Code", secret)
    page.wait_for_selector(".top-nav")
    sign_out(page)
    type_password(page, "appholder")
    page.get_by_label("Code").fill(recovery)
    page.keyboard.press("Enter")
    page.wait_for_selector(".top-nav")
    visitor.go(SECURITY)
    expect(page.get_by_text("9 left.")).to_be_visible()


#: Passkeys without the browser's own words for them: Safari before 18.4, Chrome before 129.
OLDER = """
    delete PublicKeyCredential.parseCreationOptionsFromJSON;
    delete PublicKeyCredential.parseRequestOptionsFromJSON;
    delete PublicKeyCredential.prototype.toJSON;
"""


@pytest.mark.parametrize("lacks", ["", OLDER], ids=["new", "older"])
def test_a_passkey_from_its_first_use_to_its_removal(at_localhost: Visit, lacks: str) -> None:
    visit = at_localhost
    visit.page.add_init_script(lacks)
    page = visit.sign_in("keyholder", SECURITY)
    device = Device(visit)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.locator(".codes code")).to_have_count(10)
    assert device.holds() == 1
    sign_out(page)
    # Instead of the password: no name is typed, and the way leads where one wanted to go.
    visit.go("/accounts/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/accounts/")
    sign_out(page)
    # After the password.
    type_password(page, "keyholder")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_selector(".top-nav")
    # To confirm who one is.
    visit.go("/confirm/passkey/?next=/accounts/add/")
    page.get_by_role("button", name="Confirm by passkey").click()
    expect(page.get_by_role("heading", name="Add an account")).to_be_visible()
    visit.go(SECURITY)
    expect(page.get_by_role("row", name="My laptop")).to_be_visible()
    page.get_by_role("link", name="Remove My laptop").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("row", name="My laptop")).to_have_count(0)
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".message-error")).to_contain_text("not known here")


def test_a_device_that_does_not_know_its_holder_lets_nobody_in(at_localhost: Visit) -> None:
    page = at_localhost.go("/sign-in/")
    Device(at_localhost).knows_its_holder(yes=False)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".passkey-note")).to_contain_text("gave no answer")


def test_a_browser_without_passkeys_says_so_and_promises_nothing(at_localhost: Visit) -> None:
    at_localhost.page.add_init_script("delete window.PublicKeyCredential")
    page = at_localhost.sign_in("keyholder", f"{SECURITY}passkey/")
    expect(page.get_by_role("button", name="Add the passkey")).to_be_disabled()
    expect(page.locator(".passkey-note")).to_contain_text("offers no passkeys here")
    expect(page.get_by_text("asks where to keep it")).to_be_hidden()


def test_at_an_address_of_numbers_passkeys_say_where_they_work(visitor: Visit) -> None:
    page = visitor.go("/sign-in/")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_disabled()
    expect(page.locator(".passkey-note")).to_contain_text("http://localhost")


def test_after_sign_out_the_way_back_shows_nothing(visitor: Visit) -> None:
    page = visitor.sign_in("walker", "/accounts/")
    visitor.go("/profile/")
    sign_out(page)
    for _ in range(2):
        page.go_back()
        expect(page.locator(".top-nav")).to_have_count(0)
        assert "walker@example.com" not in page.content()
