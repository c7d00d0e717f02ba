"""How long a session lasts: not for ever, however much it is used, and less when it is not."""

import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from qredo_dash import session_limits
from tests.conftest import Cast
from tests.support import props

HOUR = 3_600.0


class Hours:
    """Stands for the process's clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = 0.0
        began = time.time()
        clock = type("Clock", (), {"time": lambda _: began + self.passed * HOUR})()
        monkeypatch.setattr(session_limits, "time", clock)


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    return Hours(monkeypatch)


def arrived(cast: Cast) -> Client:
    browser = Client()
    typed = {"login": cast.viewer.email, "password": props.PASSWORD}
    assert browser.post(reverse("sign-in"), typed).status_code == 302
    return browser


def is_in(browser: Client) -> bool:
    answer = browser.get(reverse("profile"))
    assert answer.status_code in {200, 302}
    return answer.status_code == 200


def test_an_idle_session_ends(cast: Cast, hours: Hours) -> None:
    browser = arrived(cast)
    for hours.passed in (1.9, 3.8, 5.7):
        assert is_in(browser)
    hours.passed = 7.8
    assert not is_in(browser)
    hours.passed = 5.8  # it is gone, whatever the clock does
    assert not is_in(browser)


def test_a_session_ends_for_all_its_use(cast: Cast, hours: Hours) -> None:
    browser = arrived(cast)
    for step in range(1, 12):
        hours.passed = step
        assert is_in(browser)
    hours.passed = 12
    assert not is_in(browser)


def test_a_new_sign_in_counts_anew(cast: Cast, hours: Hours) -> None:
    browser = arrived(cast)
    for hours.passed in (1.0, 2.0, 3.0):
        assert is_in(browser)
    hours.passed = 5.5
    assert not is_in(browser)
    typed = {"login": cast.viewer.email, "password": props.PASSWORD}
    browser.post(reverse("sign-in"), typed)
    for step in range(6, 17):
        hours.passed = step
        assert is_in(browser)


def test_how_long_one_may_be_away_is_a_setting(cast: Cast, hours: Hours, settings: Any) -> None:
    settings.SESSION_IDLE_SECONDS = 600
    browser = arrived(cast)
    hours.passed = 0.2
    assert not is_in(browser)
