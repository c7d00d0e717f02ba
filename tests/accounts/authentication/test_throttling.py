"""Guessing passwords: counted for all workers alike, whatever a request says of itself."""

import subprocess
import sys
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import PROJECT, Cast
from tests.support import props
from tests.support.markup import read

VIEWER = "viewer@example.com"
WRONG = "a wrong pass phrase"
TOO_MANY = "Too many attempts"


def attempt(email: str = VIEWER, password: str = WRONG, **headers: str) -> Any:
    typed = {"login": email, "password": password}
    return Client().post(reverse("sign-in"), typed, headers=headers)


def right(**headers: str) -> int:
    status: int = attempt(password=props.PASSWORD, **headers).status_code
    return status


def guess(count: int, email: str = VIEWER, **headers: str) -> None:
    for _ in range(count):
        assert TOO_MANY not in attempt(email, **headers).content.decode()


def test_the_sixth_attempt_is_refused_with_the_right_password_too(cast: Cast) -> None:  # noqa: ARG001
    guess(5)
    answer = attempt(password=props.PASSWORD)
    assert answer.status_code == 200
    assert TOO_MANY in read(answer).text
    assert attempt("operator@example.com", props.PASSWORD).status_code == 302


def test_right_ones_in_between_do_not_start_the_count_anew(cast: Cast) -> None:  # noqa: ARG001
    for _ in range(4):
        guess(1)
        assert right() == 302
    guess(1)
    assert right() == 200


def test_an_address_that_nobody_has_is_refused_alike(cast: Cast) -> None:  # noqa: ARG001
    guess(5, "nobody@example.com")
    assert TOO_MANY in read(attempt("nobody@example.com")).text


@pytest.mark.parametrize(
    "forged",
    [
        lambda n: {"host": f"localhost:{n + 1}"},
        lambda n: {"host": ("localhost", "127.0.0.1", "[::1]")[n % 3]},
        lambda n: {"x-forwarded-for": f"10.0.0.{n}"},
        lambda n: {"forwarded": f"for=10.0.0.{n}", "x-real-ip": f"10.0.0.{n}"},
    ],
)
def test_no_header_gives_more_attempts(cast: Cast, forged: Any) -> None:  # noqa: ARG001
    for number in range(5):
        guess(1, **forged(number))
    assert right(**forged(6)) == 200


def many_names(count: int, **headers: str) -> None:
    for number in range(count):
        guess(1, f"person{number}@example.com", **headers)


def test_one_place_may_not_try_many_names_either(cast: Cast) -> None:  # noqa: ARG001
    many_names(20)
    assert TOO_MANY in read(attempt("another@example.com")).text


def test_only_what_our_own_proxies_wrote_tells_the_place(cast: Cast, settings: Any) -> None:  # noqa: ARG001
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    many_names(20, **{"x-forwarded-for": "198.51.100.7"})
    # What the client wrote itself stands before it.
    assert right(**{"x-forwarded-for": "203.0.113.1, 198.51.100.7"}) == 200
    assert right(**{"x-forwarded-for": "198.51.100.8"}) == 302


def test_a_header_with_too_few_places_is_not_our_proxies(cast: Cast, settings: Any) -> None:  # noqa: ARG001
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    assert right(**{"x-forwarded-for": "198.51.100.8"}) == 302


def test_another_process_knows_what_was_tried_here(cast: Cast) -> None:  # noqa: ARG001
    guess(5)
    words = (
        "import django; django.setup()\n"
        "from django.test import RequestFactory\n"
        "from allauth.core import context, ratelimit\n"
        "request = RequestFactory().post('/')\n"
        "with context.request_context(request):\n"
        "    for key in ('viewer@example.com', 'operator@example.com'):\n"
        "        print(ratelimit.consume(request, action='login_failed', key=key))\n"
    )
    asked = subprocess.run(
        [sys.executable, "-c", words], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert asked.stdout.split() == ["False", "True"]


@pytest.fixture
def no_cache(settings: Any) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "unix:///nowhere"}}


@pytest.mark.usefixtures("no_cache")
def test_without_the_cache_nobody_signs_in_and_the_page_says_so(cast: Cast) -> None:  # noqa: ARG001
    answer = attempt(password=props.PASSWORD)
    assert answer.status_code == 503
    assert "not possible right now" in read(answer).text
    assert "session" not in answer.cookies
    assert Client().get(reverse("sign-in")).status_code == 200


@pytest.mark.usefixtures("no_cache")
def test_without_the_cache_who_is_signed_in_goes_on(cast: Cast) -> None:
    browser = props.signed_in(cast.viewer)
    for name in ("overview", "accounts", "profile"):
        assert browser.get(reverse(name)).status_code == 200
    assert browser.post(reverse("sign-out")).status_code == 302
