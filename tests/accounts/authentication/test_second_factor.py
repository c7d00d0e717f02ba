"""Authenticator app and recovery codes: set up, asked for, counted, taken away."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.conftest import Cast
from tests.support import props
from tests.support.codes import code
from tests.support.markup import read

APP, CODES = "mfa_activate_totp", "mfa_view_recovery_codes"
LONG_AGO = 3600
PAGES = (
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
)


@dataclass
class App:
    """An authenticator app, and the clock that it shares with the server."""

    now: float = 1_800_000_000.0
    secret: str = ""

    def shows(self) -> str:
        return code(self.secret, self.now)

    def waits(self) -> None:
        self.now += 30


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> App:
    phone = App()
    monkeypatch.setattr(auth, "time", SimpleNamespace(time=lambda: phone.now))
    return phone


def set_up(browser: Client, app: App) -> list[str]:
    """Set the app up as its page says; return the recovery codes."""
    app.secret = read(browser.get(reverse(APP))).one("code").text.strip()
    answer = browser.post(reverse(APP), {"code": app.shows()})
    assert answer.headers["Location"] == reverse(CODES)
    shown = read(browser.get(reverse(CODES)))
    return [element.text.strip() for element in shown.all("code")]


@pytest.fixture
def codes(cast: Cast, app: App) -> list[str]:
    """The viewer has set up an app; these are their recovery codes."""
    return set_up(props.signed_in(cast.viewer), app)


def first_step(email: str = "viewer@example.com") -> Client:
    browser = Client()
    typed = {"login": email, "password": props.PASSWORD}
    answer = browser.post(reverse("sign-in"), typed)
    assert answer.headers["Location"] == reverse("mfa_authenticate")
    return browser


def second_step(browser: Client, typed: str) -> Any:
    return browser.post(reverse("mfa_authenticate"), {"code": typed})


def is_signed_in(browser: Client) -> bool:
    return browser.get(reverse("profile")).status_code == 200


def test_an_app_is_set_up_by_its_first_code(cast: Cast, app: App) -> None:
    browser = props.signed_in(cast.viewer)
    page = read(browser.get(reverse(APP)))
    app.secret = page.one("code").text.strip()
    assert page.all("path")
    refused = read(browser.post(reverse(APP), {"code": "000000"}))
    assert "not right" in refused.text
    assert refused.one("code").text.strip() == app.secret
    assert browser.post(reverse(APP), {"code": app.shows()}).status_code == 302
    assert "Set up on" in read(browser.get(reverse("mfa_index"))).text


def test_recovery_codes_are_shown_once(cast: Cast, app: App) -> None:
    browser = props.signed_in(cast.viewer)
    codes = set_up(browser, app)
    assert len(set(codes)) == 10
    again = read(browser.get(reverse(CODES)))
    assert not again.all("code")
    assert not any(text in again.text for text in codes)


def test_seeds_are_stored_sealed_and_bound_to_the_secret_key(
    codes: list[str], app: App, settings: Any
) -> None:
    kept = repr(list(Authenticator.objects.values_list("data", flat=True)))
    assert app.secret not in kept
    assert not any(text in kept for text in codes)
    settings.SECRET_KEY = "another one that signs and seals nothing of before"
    assert not is_signed_in(second_step_of(first_step(), app))


def second_step_of(browser: Client, app: App) -> Client:
    second_step(browser, app.shows())
    return browser


def test_a_former_secret_key_still_opens_what_it_sealed(
    codes: list[str],  # noqa: ARG001
    app: App,
    settings: Any,
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next one, beside which the former is still known"
    assert is_signed_in(second_step_of(first_step(), app))


def test_the_password_alone_opens_nothing(codes: list[str], app: App) -> None:  # noqa: ARG001
    browser = first_step()
    assert not is_signed_in(browser)
    assert browser.get("/").headers["Location"].startswith(reverse("sign-in"))
    assert "not right" in read(second_step(browser, "000000")).text
    assert not is_signed_in(browser)
    assert second_step(browser, app.shows()).headers["Location"] == reverse("overview")
    assert is_signed_in(browser)


def test_a_code_works_once_and_in_its_half_minute_alone(codes: list[str], app: App) -> None:  # noqa: ARG001
    shown = app.shows()
    assert is_signed_in(second_step_of(first_step(), app))
    assert "used before" in read(second_step(first_step(), shown)).text
    app.waits()
    assert "not right" in read(second_step(first_step(), shown)).text
    assert is_signed_in(second_step_of(first_step(), app))


def test_a_code_of_the_half_minute_before_or_after_is_refused(codes: list[str], app: App) -> None:  # noqa: ARG001
    for seconds in (-30, 30):
        near = code(app.secret, app.now + seconds)
        assert near != app.shows()
        assert "not right" in read(second_step(first_step(), near)).text
    assert is_signed_in(second_step_of(first_step(), app))


def test_a_recovery_code_works_once(codes: list[str]) -> None:
    assert second_step(first_step(), codes[3]).status_code == 302
    assert second_step(first_step(), codes[3]).status_code == 200
    assert second_step(first_step(), codes[4]).status_code == 302


def test_new_recovery_codes_end_the_earlier_ones(cast: Cast, app: App) -> None:
    browser = props.signed_in(cast.viewer)
    before = set_up(browser, app)
    assert browser.post(reverse("mfa_generate_recovery_codes")).status_code == 302
    now = [element.text.strip() for element in read(browser.get(reverse(CODES))).all("code")]
    assert second_step(first_step(), before[0]).status_code == 200
    assert second_step(first_step(), now[0]).status_code == 302


def test_guessed_codes_are_counted_whatever_the_session(codes: list[str], app: App) -> None:  # noqa: ARG001
    for _ in range(5):
        second_step(first_step(), "000000")
    assert "Too many attempts" in read(second_step(first_step(), app.shows())).text


def test_whoever_cancels_begins_anew(codes: list[str]) -> None:  # noqa: ARG001
    browser = first_step()
    assert browser.post(reverse("sign-out")).status_code == 302
    assert browser.get(reverse("mfa_authenticate")).headers["Location"] == reverse("sign-in")
    assert browser.get(reverse("sign-in")).status_code == 200


def test_the_second_step_leads_where_one_wanted_to_go(codes: list[str], app: App) -> None:  # noqa: ARG001
    browser = Client()
    typed = {"login": "viewer@example.com", "password": props.PASSWORD, "next": "/accounts/"}
    browser.post(reverse("sign-in"), typed)
    assert second_step(browser, app.shows()).headers["Location"] == "/accounts/"


def test_the_first_factor_ends_sessions_that_began_without(
    cast: Cast, app: App, django_capture_on_commit_callbacks: Any
) -> None:
    elsewhere, here = Client(), Client()
    for browser in (elsewhere, here):
        browser.post(reverse("sign-in"), {"login": cast.viewer.email, "password": props.PASSWORD})
        assert is_signed_in(browser)
    with django_capture_on_commit_callbacks(execute=True):
        set_up(here, app)
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


def test_without_the_app_its_codes_and_the_recovery_codes_are_gone(cast: Cast, app: App) -> None:
    browser = props.signed_in(cast.viewer)
    set_up(browser, app)
    assert browser.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert not Authenticator.objects.exists()
    typed = {"login": cast.viewer.email, "password": props.PASSWORD}
    assert Client().post(reverse("sign-in"), typed).headers["Location"] == reverse("overview")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_changes_without_a_fresh_confirmation(
    cast: Cast, app: App, name: str, method: str
) -> None:
    set_up(props.signed_in(cast.viewer), app)
    if name == APP:
        Authenticator.objects.all().delete()
    before = list(Authenticator.objects.values())
    answer = getattr(props.signed_in(cast.viewer, ago=LONG_AGO), method)(reverse(name))
    if (name, method) != (CODES, "post"):
        assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert list(Authenticator.objects.values()) == before


def test_a_code_confirms_too(codes: list[str], app: App, cast: Cast) -> None:  # noqa: ARG001
    browser = props.signed_in(cast.viewer, ago=LONG_AGO)
    asked = browser.get(reverse("mfa_deactivate_totp")).headers["Location"]
    ways = [link.attributes["href"] for link in read(browser.get(asked)).all("a")]
    (by_code,) = (way for way in ways if way.startswith(reverse("mfa_reauthenticate")))
    assert "not right" in read(browser.post(by_code, {"code": "000000"})).text
    answer = browser.post(by_code, {"code": app.shows()})
    assert answer.headers["Location"] == reverse("mfa_deactivate_totp")
    assert browser.get(reverse("mfa_deactivate_totp")).status_code == 200


def test_nobody_reaches_the_factors_of_another(cast: Cast, codes: list[str]) -> None:  # noqa: ARG001
    other = props.signed_in(cast.operator)
    assert other.post(reverse("mfa_deactivate_totp")).status_code == 404
    assert other.get(reverse(CODES)).status_code == 404
    mine = Authenticator.objects.create(
        user=cast.viewer, type="webauthn", data={"name": "Mine", "credential": {}}
    )
    assert other.post(reverse("mfa_remove_webauthn", args=[mine.pk])).status_code == 404
    assert Authenticator.objects.filter(pk=mine.pk).exists()


ODD = ["", "{}", "[]", "null", "1", '"x"', "{" * 2000, '{"id": 1}', '{"response": {}}']
ODD += ['{"id":"AA","rawId":"AA","type":"public-key","response":{"userHandle":"zzzzzzzzzzzzzzzz"}}']


@pytest.mark.parametrize("answered", ODD)
@pytest.mark.parametrize("name", ["mfa_login_webauthn", "mfa_add_webauthn"])
def test_odd_answers_of_a_passkey_let_nobody_in(cast: Cast, name: str, answered: str) -> None:
    browser = props.signed_in(cast.viewer) if name == "mfa_add_webauthn" else Client()
    browser.get(reverse(name), headers={"accept": "application/json"})
    answer = browser.post(reverse(name), {"credential": answered, "passwordless": "on"})
    assert answer.status_code in {200, 302}
    assert not Authenticator.objects.exists()
    assert is_signed_in(browser) == (name == "mfa_add_webauthn")


def test_a_deactivated_person_stays_out_between_the_steps(codes: list[str], app: App) -> None:  # noqa: ARG001
    browser = first_step()
    User.objects.filter(email="viewer@example.com").update(is_active=False)
    assert not is_signed_in(second_step_of(browser, app))
