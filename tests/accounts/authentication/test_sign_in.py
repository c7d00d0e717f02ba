"""Signing in and out, and what becomes of a session that ends in the middle of something."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse

from accounts.models import Account, User
from qredo_dash import identity
from tests.conftest import Cast
from tests.support import props
from tests.support.markup import read, steady

VIEWER = "viewer@example.com"


def sign_in(
    browser: Client, email: str = VIEWER, password: str = props.PASSWORD, **more: str
) -> Any:
    typed = {"login": email, "password": password, **more}
    return browser.post(reverse("sign-in"), typed)


def is_signed_in(browser: Client) -> bool:
    return browser.get(reverse("profile")).status_code == 200


@pytest.mark.parametrize("email", [VIEWER, "Viewer@Example.COM", "  VIEWER@EXAMPLE.COM "])
def test_an_address_is_one_persons_whatever_its_case(cast: Cast, email: str) -> None:
    browser = Client()
    answer = sign_in(browser, email)
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("overview"))
    assert browser.session["_auth_user_id"] == str(cast.viewer.pk)


def test_unknown_wrong_and_deactivated_read_alike(cast: Cast) -> None:
    User.objects.filter(pk=cast.auditor.pk).update(is_active=False)
    pages = [
        sign_in(Client(), email, password)
        for email, password in (
            ("nobody@example.com", props.PASSWORD),
            (VIEWER, "another pass phrase"),
            ("auditor@example.com", props.PASSWORD),
        )
    ]
    emails = ("nobody@example.com", VIEWER, "auditor@example.com")
    texts = {
        steady(page.content.decode()).replace(email, "(e-mail)")
        for page, email in zip(pages, emails, strict=True)
    }
    assert len(texts) == 1
    assert "do not fit together" in texts.pop()
    assert {page.status_code for page in pages} == {200}


def test_what_was_typed_as_password_is_not_shown_again(cast: Cast) -> None:
    answer = sign_in(Client(), password="my other pass phrase")
    assert "my other pass phrase" not in answer.content.decode()
    assert read(answer).values()["login"] == cast.viewer.email


@pytest.mark.parametrize(
    "email", ["", "\0", "a" * 5000, "viewer@example.com\0", "' OR 1=1 --", "\N{KELVIN SIGN}"]
)
def test_odd_addresses_are_answered_like_wrong_ones(cast: Cast, email: str) -> None:  # noqa: ARG001
    browser = Client()
    assert sign_in(browser, email).status_code == 200
    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    "to",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "///elsewhere.example",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "http:elsewhere.example",
        "javascript:alert(1)",
        " //elsewhere.example",
        "/\t/elsewhere.example",
        "https://testserver@elsewhere.example/",
    ],
)
def test_nobody_is_sent_to_another_site(cast: Cast, to: str) -> None:  # noqa: ARG001
    assert sign_in(Client(), next=to).headers["Location"] == reverse("overview")
    browser = Client()
    path = f"{reverse('sign-in')}?next="
    answer = browser.post(path + to, {"login": VIEWER, "password": props.PASSWORD})
    assert answer.headers["Location"] == reverse("overview")
    # Who is signed in already is sent on at once.
    assert browser.get(path + to).headers["Location"] == reverse("overview")


def test_the_way_leads_back_to_where_one_wanted_to_go(cast: Cast, custody: Account) -> None:
    browser, wanted = Client(), f"{reverse('account', args=[custody.uid])}?asset=BTC&range=30d"
    to_sign_in = browser.get(wanted)
    page = read(browser.get(to_sign_in.headers["Location"]))
    (back,) = {field.attributes["value"] for field in page.all("input", name="next")}
    assert back == wanted
    assert sign_in(browser, cast.viewer.email, next=back).headers["Location"] == wanted


def fragment(browser: Client, current: str) -> Any:
    headers = {"HX-Request": "true", "HX-Current-URL": current}
    return browser.get(reverse("overview-figures"), headers=headers)


@pytest.mark.django_db
def test_a_session_that_ended_under_htmx_leads_to_a_whole_page() -> None:
    answer = fragment(Client(), "http://testserver/?asset=BTC&range=30d")
    assert (answer.status_code, answer.content) == (200, b"")
    to = urlsplit(answer.headers["HX-Redirect"])
    assert (to.scheme, to.netloc, to.path) == ("", "", reverse("sign-in"))
    assert parse_qs(to.query) == {"next": ["/?asset=BTC&range=30d"]}
    assert "Location" not in answer.headers


@pytest.mark.django_db
@pytest.mark.parametrize("current", ["https://elsewhere.example/x", "", "javascript:alert(1)"])
def test_under_htmx_too_nobody_is_sent_to_another_site(current: str) -> None:
    to = urlsplit(fragment(Client(), current).headers["HX-Redirect"])
    assert parse_qs(to.query) == {"next": [reverse("overview")]}


def test_an_action_under_htmx_without_session_changes_nothing(custody: Account) -> None:
    path = reverse("account-pause", args=[custody.uid])
    answer = Client().post(path, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith(reverse("sign-in"))
    custody.refresh_from_db()
    assert custody.is_polled


def test_signing_in_makes_a_new_session_and_signing_out_ends_it(cast: Cast) -> None:
    browser = Client()
    browser.get(reverse("sign-in"))
    before = browser.session
    before["planted"] = "by somebody else"
    before.save()
    browser.cookies["session"] = str(before.session_key)
    sign_in(browser, cast.viewer.email)
    kept = browser.cookies["session"].value
    assert kept != before.session_key
    assert browser.get(reverse("sign-out")).status_code == 302  # to the page with the button
    assert is_signed_in(browser)
    out = browser.post(reverse("sign-out"))
    assert out.headers["Clear-Site-Data"] == '"cache", "storage"'
    browser.cookies["session"] = kept
    assert not is_signed_in(browser)


def test_a_new_password_ends_the_other_sessions(cast: Cast, browser_of: Any) -> None:
    here, elsewhere = browser_of(cast.viewer), browser_of(cast.viewer)
    new = "a better pass phrase"
    typed = {"oldpassword": props.PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), typed).status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert sign_in(Client()).status_code == 200
    assert sign_in(Client(), password=new).status_code == 302


def test_a_refused_password_is_not_shown_again(cast: Cast, browser_of: Any) -> None:
    typed = {"oldpassword": "wrong one", "password1": "short", "password2": "short"}
    answer = browser_of(cast.viewer).post(reverse("account_change_password"), typed)
    values = read(answer).values()
    assert [values[name] for name in typed] == ["", "", ""]
    assert "at least 12 characters" in read(answer).text


def test_guessing_the_present_password_is_counted(cast: Cast, browser_of: Any) -> None:
    browser = browser_of(cast.viewer)
    typed = {"oldpassword": "a guess", "password1": "x", "password2": "x"}
    path = reverse("account_change_password")
    assert [browser.post(path, typed).status_code for _ in range(6)] == [200] * 5 + [429]


def test_passwords_are_kept_as_argon2_and_older_ones_become_so(cast: Cast, settings: Any) -> None:
    settings.PASSWORD_HASHERS = identity.PASSWORD_HASHERS
    cast.viewer.password = make_password(props.PASSWORD, hasher="pbkdf2_sha256")
    cast.viewer.save()
    assert sign_in(Client()).status_code == 302
    cast.viewer.refresh_from_db()
    assert cast.viewer.password.startswith("argon2$argon2id$")
    assert sign_in(Client()).status_code == 302
