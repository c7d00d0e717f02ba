"""What a page that is open may ask about its session, and what counts as somebody being there."""

import re
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from django.urls import resolve, reverse

from accounts.models import Account
from qredo_dash.session_limits import POLLED, SEEN
from tests.conftest import Cast
from tests.support import props
from tests.support.markup import read
from tests.support.matrix import addresses, arguments

HOUR = 3600


def aged(browser: Client, seconds: float) -> None:
    """Let somebody have been seen last so many seconds earlier."""
    session = browser.session
    session[SEEN] -= seconds
    session.save()


def seen(browser: Client) -> float:
    key = browser.cookies["session"].value
    at: float = import_module(configured.SESSION_ENGINE).SessionStore(key)[SEEN]
    return at


@pytest.fixture
def admin(cast: Cast) -> Client:
    browser = Client()
    browser.post(reverse("sign-in"), {"login": cast.admin.email, "password": props.PASSWORD})
    return browser


@pytest.mark.parametrize("name", sorted(POLLED - {"health"}))
def test_what_a_page_asks_for_by_itself_keeps_no_session(
    admin: Client, custody: Account, name: str
) -> None:
    pattern = next(found for found in addresses() if found.name == name)
    address = reverse(name, args=arguments(pattern, custody))
    aged(admin, HOUR)
    before = seen(admin)
    admin.get(address, headers={"HX-Request": "true"})
    assert seen(admin) == before
    admin.get(address, headers={"X-Present": "1"})
    assert seen(admin) > before


def test_what_somebody_opens_keeps_it(admin: Client) -> None:
    aged(admin, HOUR)
    before = seen(admin)
    admin.get("/accounts/")
    assert seen(admin) > before


def test_everything_that_pages_ask_for_in_time_is_known_as_such(
    admin: Client, custody: Account
) -> None:
    pages = ["/", "/accounts/", "/pending/", f"/accounts/{custody.uid}/"]
    found = set()
    for page in pages:
        for element in read(admin.get(page)).elements:
            if re.search(r"\b(every|load)\b", element.attributes.get("hx-trigger", "")):
                found.add(resolve(element.attributes["hx-get"].partition("?")[0]).url_name)
    assert len(found) >= 4
    assert found <= POLLED


def test_an_unattended_page_is_signed_out_and_told_why(admin: Client) -> None:
    aged(admin, 2 * HOUR)
    answer = admin.get(
        reverse("accounts-figures"),
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/accounts/"},
    )
    assert answer.headers["HX-Redirect"].startswith(reverse("sign-in"))
    said = read(admin.get(answer.headers["HX-Redirect"])).text
    assert "You were signed out: nothing was done here for 2 hours" in said


def test_it_says_who_is_there_for_how_long_and_whether_it_was_confirmed(
    cast: Cast, admin: Client, settings: Any
) -> None:
    state = admin.get(reverse("session")).json()
    assert state["person"] == str(cast.admin.pk)
    assert state["is_confirmed"] is True
    assert 2 * HOUR - 60 <= state["ends_in"] <= 2 * HOUR
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    assert admin.get(reverse("session")).json()["is_confirmed"] is False


def test_its_token_lets_a_form_of_another_sign_in_pass(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.admin)
    token = browser.get(reverse("session")).json()["token"]
    typed = {"name": "Anna", "time_zone": "UTC", "csrfmiddlewaretoken": token}
    assert browser.post(reverse("profile"), typed).status_code == 302


@pytest.mark.django_db
def test_it_tells_strangers_nothing() -> None:
    state = Client().get(reverse("session")).json()
    assert state.keys() == {"token", "person", "why"}
    assert (state["person"], state["why"]) == (None, "")


def test_forms_that_need_a_confirmation_say_so(
    cast: Cast, custody: Account, browser_of: Any, settings: Any
) -> None:
    """Else the page would send them, and lose what was typed."""
    settings.MAIL_IS_SENT = True
    stale = props.signed_in(cast.admin, ago=HOUR)
    fresh = browser_of(cast.admin)
    checked = 0
    for pattern in addresses():
        address = reverse(str(pattern.name), args=arguments(pattern, custody))
        asked = stale.post(address).headers.get("Location", "")
        page = fresh.get(address)
        if page.status_code != 200 or not asked.startswith("/confirm/") or "next" not in asked:
            continue
        forms = [
            form
            for form in read(page).all("form", method="post")
            if form.attributes.get("action", address) == address
        ]
        if not forms:
            continue  # what it needs is not set up here
        assert all("data-confirmed" in form.attributes for form in forms), address
        checked += 1
    assert checked >= 8
