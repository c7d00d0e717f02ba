"""A session that ends, or a confirmation that does, while a form is filled in: nothing is lost."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from accounts.models import Account
from balances.models import Pause
from tests.browser import sessions
from tests.browser.conftest import Visit
from tests.browser.test_factors import SECURITY, Device, type_code
from tests.browser.world import World
from tests.support import props
from tests.support.codes import code

DIALOG = "dialog.asked"
#: A key that Qredo does not know.
UNKNOWN, SECRET = "not-a-key-of-anybody", "bm90LWEtc2VjcmV0LW9mLWFueWJvZHktYXQtYWxsISE="


def type_sign_in(page: Page, name: str = "treasurer") -> None:
    """Fill in the only form that asks for it, in a dialog or on a page, and send it."""
    page.get_by_label("E-mail").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(props.PASSWORD)
    page.keyboard.press("Enter")


def returns(page: Page) -> None:
    """Come back to a tab."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_an_act_after_the_end_leads_back_to_its_button(visitor: Visit, world: World) -> None:
    here = f"/accounts/{world.custody.uid}/"
    page = visitor.sign_in("treasurer", here)
    page.wait_for_load_state("networkidle")
    sessions.end(page)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.wait_for_url("**/sign-in/**")
    expect(page.locator(".message")).to_contain_text("Nothing was changed")
    type_sign_in(page)
    page.wait_for_url(f"**{here}")
    expect(page.locator(".message")).to_contain_text("Press “Pause” again")
    assert not Pause.objects.filter(account=world.custody).exists()


def test_what_was_typed_survives_a_sign_in_and_is_said_to_be_unsaved(
    visitor: Visit, world: World
) -> None:
    page = visitor.sign_in("treasurer", f"/accounts/{world.custody.uid}/edit/")
    page.get_by_label("Label").fill("Typed before the end")
    sessions.end(page)
    page.get_by_role("button", name="Save").click()
    type_sign_in(page)
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(page.locator("#session-line")).to_contain_text(
        "Nothing was saved yet: press “Save” again"
    )
    expect(page.get_by_label("Label")).to_have_value("Typed before the end")
    expect(page.get_by_role("button", name="Save")).to_be_focused()
    assert Account.objects.get(pk=world.custody.pk).label == "Custody"
    page.get_by_label("Label").fill("Custody")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".message")).to_contain_text("saved")


def test_a_second_factor_is_asked_for_in_the_dialog_too(visitor: Visit) -> None:
    page = visitor.sign_in("walker", SECURITY)
    page.get_by_role("link", name="Set up an app").click()
    secret = page.locator(".secret-text code").inner_text()
    type_code(page, "Code that the app shows", secret)
    visitor.go("/profile/")
    page.get_by_label("Name").fill("Walker II")
    sessions.end(page)
    page.get_by_role("button", name="Save").click()
    type_sign_in(page, "walker")
    dialog = page.locator(DIALOG)
    expect(dialog.get_by_label("Code")).to_be_visible()
    for _ in range(3):  # a half minute may end just then, and a code is taken once
        dialog.get_by_label("Code").fill(code(secret, time.time()))
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.keyboard.press("Enter")
        page.wait_for_function(
            "!document.querySelector('dialog.asked')"
            " || document.querySelector('dialog.asked .field-error')"
        )
        if not dialog.count():
            break
        page.wait_for_function("Date.now() / 1000 % 30 < 2", timeout=40_000)
    expect(page.get_by_label("Name")).to_have_value("Walker II")
    Authenticator.objects.filter(user__email="walker@example.com").delete()


def test_somebody_else_who_signs_in_sends_nothing_of_the_page(visitor: Visit, world: World) -> None:
    page = visitor.sign_in("treasurer", f"/accounts/{world.custody.uid}/edit/")
    page.get_by_label("Label").fill("Mine")
    sessions.end(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(DIALOG)).to_contain_text("You were signed out. Nothing was sent")
    type_sign_in(page, "viewer")
    expect(page.locator("#session-line")).to_contain_text("somebody else has signed in")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#session-line")).to_contain_text("somebody else has signed in")
    assert Account.objects.get(pk=world.custody.pk).label == "Custody"


def test_secrets_survive_a_confirmation_on_the_page(visitor: Visit, world: World) -> None:
    page = visitor.sign_in("treasurer", f"/accounts/{world.custody.uid}/key/")
    page.get_by_role("textbox", name="API key").fill(UNKNOWN)
    page.get_by_label("API secret").fill(SECRET)
    sessions.must_confirm(page)
    page.get_by_role("button", name="Test the key").click()
    dialog = page.locator(DIALOG)
    expect(dialog).to_contain_text("confirm that it is you")
    expect(dialog).to_contain_text("Nothing was sent yet")
    dialog.get_by_role("textbox").fill("not the password")
    page.keyboard.press("Enter")
    expect(dialog.locator(".field-error").first).to_contain_text("not your password")
    expect(page.get_by_label("API secret")).to_have_value(SECRET)
    dialog.get_by_role("textbox").fill(props.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#form-errors")).to_be_visible()  # it was sent, and tested
    expect(page.get_by_role("textbox", name="API key")).to_have_value(UNKNOWN)
    visitor.complaints[:] = [text for text in visitor.complaints if "422" not in text]


def test_a_confirmation_that_is_not_given_sends_nothing(visitor: Visit, world: World) -> None:
    page = visitor.sign_in("treasurer", f"/accounts/{world.custody.uid}/key/")
    page.get_by_role("textbox", name="API key").fill("a-key")
    page.get_by_label("API secret").fill("a-secret")
    sessions.must_confirm(page)
    posted: list[str] = []
    page.on("request", lambda sent: posted.append(sent.url) if sent.method == "POST" else None)
    page.get_by_role("button", name="Test the key").click()
    expect(page.locator(DIALOG)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(page.get_by_label("API secret")).to_have_value("a-secret")
    assert posted == []


def test_a_passkey_confirms_in_the_dialog(new_visit: Any) -> None:
    visit: Visit = new_visit()
    visit.site = visit.site.replace("127.0.0.1", "localhost")
    page = visit.sign_in("keyholder", SECURITY)
    Device(visit)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.locator(".codes code")).to_have_count(10)
    visit.go("/accounts/add/")
    page.get_by_label("Label").fill("Kept")
    page.get_by_role("textbox", name="API key").fill(UNKNOWN)
    page.get_by_label("API secret").fill(SECRET)
    sessions.must_confirm(page)
    page.get_by_role("button", name="Test the key and add").click()
    dialog = page.locator(DIALOG)
    way = dialog.get_by_role("link", name="Confirm by passkey")
    expect(way.or_(dialog.get_by_role("button", name="Confirm by passkey"))).to_be_visible()
    if way.count():
        way.click()
    with page.expect_navigation():  # the form itself goes
        dialog.get_by_role("button", name="Confirm by passkey").click()
    expect(page.locator("#form-errors")).to_be_visible()
    expect(page.get_by_label("Label")).to_have_value("Kept")
    visit.complaints[:] = [text for text in visit.complaints if "422" not in text]
    Authenticator.objects.filter(user__email="keyholder@example.com").delete()


def test_a_server_that_does_not_answer_loses_no_form(treasurer: Visit, world: World) -> None:
    page = treasurer.go(f"/accounts/{world.custody.uid}/edit/")
    page.get_by_label("Label").fill("Typed offline")
    page.locator("body[data-watched]").wait_for()
    page.context.set_offline(True)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#session-line")).to_contain_text("Not sent: the server does not answer")
    page.context.set_offline(False)
    expect(page.get_by_label("Label")).to_have_value("Typed offline")
    page.get_by_label("Label").fill("Custody")
    page.locator("#session-line").get_by_role("button", name="Try again").click()
    expect(page.locator(".message")).to_contain_text("saved")
    treasurer.complaints[:] = [t for t in treasurer.complaints if "ERR_INTERNET" not in t]


@pytest.mark.parametrize("script", [True, False])
def test_a_download_after_the_end_leads_to_sign_in_and_back(new_visit: Any, script: bool) -> None:  # noqa: FBT001
    visit: Visit = new_visit(java_script_enabled=script)
    page = visit.sign_in("treasurer", "/audit/")
    sessions.end(page)
    saved: list[object] = []
    page.on("download", lambda download: saved.append(download))  # noqa: PLW0108 - it takes no built-in
    page.locator(".actions").get_by_role("link", name="CSV").click()
    page.wait_for_url("**/sign-in/**")
    expect(page.locator(".message")).to_contain_text("Nothing was downloaded")
    type_sign_in(page)
    page.wait_for_url("**/audit/")
    assert saved == []
    with page.expect_download() as download:
        page.locator(".actions").get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "audit.csv"


def test_the_second_of_two_tabs_at_sign_in_is_signed_in(visitor: Visit) -> None:
    page = visitor.go("/")
    second = visitor.context.new_page()
    second.goto(visitor.site + "/accounts/")
    type_sign_in(page)
    page.wait_for_selector(".top-nav")
    type_sign_in(second)
    second.wait_for_url("**/accounts/")
    expect(second.locator("h1")).to_have_text("Accounts")


def test_an_end_that_is_near_is_said_and_put_off_by_a_key(visitor: Visit, world: World) -> None:
    page = visitor.sign_in("treasurer", f"/accounts/{world.custody.uid}/edit/")
    page.keyboard.press("Shift")
    page.locator("body[data-watched]").wait_for()
    sessions.was_idle(page, 2 * sessions.HOUR - 90)
    returns(page)
    line = page.locator("#session-line")
    expect(line).to_contain_text("You will be signed out at")
    line.get_by_role("button", name="Stay signed in").click()
    expect(line).to_be_hidden()


def test_typed_text_stays_after_an_idle_end_and_the_page_says_so(
    visitor: Visit, world: World
) -> None:
    page = visitor.sign_in("treasurer", f"/accounts/{world.custody.uid}/edit/")
    page.get_by_label("Label").fill("Long thought about")
    page.keyboard.press("Shift")
    page.locator("body[data-watched]").wait_for()
    sessions.was_idle(page, 2 * sessions.HOUR)
    returns(page)
    line = page.locator("#session-line")
    expect(line).to_contain_text("nothing was done here for 2 hours")
    line.get_by_role("button", name="Sign in").click()
    type_sign_in(page)
    expect(line).to_contain_text("Nothing was saved yet")
    expect(page.get_by_label("Label")).to_have_value("Long thought about")


def test_figures_leave_the_screen_of_an_idle_session(visitor: Visit) -> None:
    page = visitor.sign_in("treasurer", "/reports/")
    page.keyboard.press("Shift")
    page.locator("body[data-watched]").wait_for()
    sessions.was_idle(page, 2 * sessions.HOUR)
    returns(page)
    page.wait_for_url("**/sign-in/?next=%2Freports%2F")
