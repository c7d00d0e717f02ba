"""Where somebody is signed in, and ending it there."""

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from accounts.access.session_store import digest
from accounts.authentication.user_agents import called
from tests.conftest import Cast
from tests.support import props
from tests.support.markup import read

PAGE = "usersessions_list"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
)


def arrived(email: str, **headers: str) -> Client:
    browser = Client(headers=headers)
    typed = {"login": email, "password": props.PASSWORD}
    assert browser.post(reverse("sign-in"), typed).status_code == 302
    return browser


def is_signed_in(browser: Client) -> bool:
    return browser.get(reverse("profile")).status_code == 200


def numbers(browser: Client) -> list[str]:
    page = read(browser.get(reverse(PAGE)))
    return [b.attributes["value"] for b in page.all("button", name="session")]


def test_every_session_is_listed_and_this_one_is_told(cast: Cast) -> None:
    arrived(cast.viewer.email, user_agent=SAFARI)
    here = arrived(cast.viewer.email, user_agent=FIREFOX)
    arrived(cast.operator.email, user_agent=EDGE)
    page = read(here.get(reverse(PAGE)))
    assert "Safari on iPhone" in page.text
    assert "Firefox on Linux" in page.text
    assert "Edge" not in page.text
    assert page.text.count("This browser") == 1
    assert len(numbers(here)) == 1


def test_ending_one_signs_that_browser_out_alone(cast: Cast) -> None:
    elsewhere, third, here = (arrived(cast.viewer.email) for _ in range(3))
    keys = [digest(elsewhere.cookies["session"].value)]
    (wanted,) = UserSession.objects.filter(session_key__in=keys)
    here.post(reverse(PAGE), {"session": str(wanted.pk)})
    assert [is_signed_in(browser) for browser in (elsewhere, third, here)] == [False, True, True]


def test_ending_all_others_leaves_this_one(cast: Cast) -> None:
    elsewhere, here = (arrived(cast.viewer.email) for _ in range(2))
    here.post(reverse(PAGE), {"others": ""})
    assert [is_signed_in(browser) for browser in (elsewhere, here)] == [False, True]
    assert numbers(here) == []


@pytest.mark.parametrize("odd", ["", "-1", "x", "9" * 40, "\u0661"])
def test_nobody_ends_the_session_of_another(cast: Cast, odd: str) -> None:
    victim, other = arrived(cast.viewer.email), arrived(cast.operator.email)
    theirs = UserSession.objects.get(user=cast.viewer).pk
    for number in (str(theirs), odd):
        assert other.post(reverse(PAGE), {"session": number}).status_code == 302
    assert is_signed_in(victim)
    assert is_signed_in(other)


def test_a_session_that_ended_by_itself_is_not_listed(cast: Cast) -> None:
    gone, here = (arrived(cast.viewer.email) for _ in range(2))
    gone.post(reverse("sign-out"))
    assert numbers(here) == []


def test_a_new_password_leaves_one_session(cast: Cast) -> None:
    elsewhere, here = (arrived(cast.viewer.email) for _ in range(2))
    new = "a better pass phrase"
    typed: dict[str, Any] = {"oldpassword": props.PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), typed).status_code == 302
    assert [is_signed_in(browser) for browser in (elsewhere, here)] == [False, True]
    page = read(here.get(reverse(PAGE)))
    assert page.text.count("This browser") == 1
    assert numbers(here) == []


@pytest.mark.parametrize(
    ("agent", "name"),
    [(FIREFOX, "Firefox on Linux"), (SAFARI, "Safari on iPhone"), (EDGE, "Edge on Windows")],
)
def test_browsers_are_called_by_name(agent: str, name: str) -> None:
    assert called(agent) == name
    assert called("") == "An unknown browser"
