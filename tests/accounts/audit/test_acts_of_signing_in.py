"""Sign-ins, failed ones and sign-outs are on record, with where they came from."""

from typing import Any

import pytest
from django.contrib.auth.signals import user_login_failed
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Act
from tests.conftest import Cast
from tests.support import acts, props

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(email: str, password: str = props.PASSWORD, **headers: str) -> Client:
    browser = Client()
    told = {name.replace("_", "-"): text for name, text in headers.items()}
    typed = {"login": email, "password": password}
    browser.post(reverse("sign-in"), typed, headers=told)
    return browser


def test_a_sign_in_is_told_to_the_person_and_to_their_organizations(cast: Cast) -> None:
    browser = sign_in("Viewer@example.com", user_agent=BROWSER)
    browser.post(reverse("sign-out"))
    for owner in (cast.viewer, cast.fund):
        assert acts.words(owner) == ["sign_in", "sign_out"]
        for act in acts.acts_of(owner):
            assert (act.who_id, act.who) == (cast.viewer.pk, "viewer@example.com")
            assert (act.address, act.agent) == ("127.0.0.1", BROWSER if act.number == 1 else "")
    assert acts.words(cast.other) == []


def test_a_failed_sign_in_is_told_to_whom_it_was_tried_on(cast: Cast) -> None:
    sign_in("viewer@example.com", "another pass phrase")
    (act,) = acts.acts_of(cast.viewer)
    assert (act.act, act.who_kind, act.who) == ("sign_in.failed", "nobody", "")
    assert (act.object_uid, act.object_label) == (str(cast.viewer.pk), "viewer@example.com")
    assert acts.words(cast.fund) == []


def test_failures_of_a_day_fill_no_log(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(40):
        user_login_failed.send(__name__, credentials={"email": cast.viewer.email})
        user_login_failed.send(__name__, credentials={"email": "nobody@example.com"})
    told = [act.after["today"] for act in acts.acts_of(cast.viewer)]
    assert told == [1, 2, 3, 4, 5, 8, 16, 32]
    assert Act.objects.filter(log="installation").count() == len(told)
    assert caplog.text.count(f"today in person {cast.viewer.pk}") == 40


@pytest.mark.parametrize("typed", ["nobody@example.com", "my-pass-phrase-42", "\0", "a" * 5000])
def test_an_address_that_nobody_has_is_not_kept(cast: Cast, typed: str) -> None:
    sign_in(typed, "another-pass-phrase")
    sign_in("viewer@example.com", "another-pass-phrase")
    found = list(Act.objects.order_by("at"))
    rows = [str(vars(act)) for act in found]
    assert not any("pass-phrase" in row or typed in row for row in rows[:1])
    assert not any("another-pass-phrase" in row for row in rows)
    # What fits no address at all is refused by the form before anybody is looked for.
    if typed == "nobody@example.com":
        assert (found[0].log, found[0].object_label) == ("installation", "")
        assert cast.superuser.pk


def test_a_failure_writes_as_much_whether_or_not_the_person_exists(cast: Cast) -> None:
    counts = []
    for email in (cast.viewer.email, "nobody@example.com"):
        with CaptureQueriesContext(connection) as seen:
            sign_in(email, "another pass phrase")
        counts.append([query["sql"].split()[0] for query in seen.captured_queries])
    assert counts[0] == counts[1]


FORWARDED = "198.51.100.7, 2001:db8::1, 203.0.113.9"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, FORWARDED, "127.0.0.1"),
        (0, None, "127.0.0.1"),
        (1, FORWARDED, "203.0.113.9"),
        (2, FORWARDED, "2001:db8::1"),
        (3, FORWARDED, "198.51.100.7"),
        (4, FORWARDED, ""),
        (1, None, ""),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "<script>", ""),
        (1, "203.0.113.9:443", ""),
    ],
)
def test_an_address_is_believed_as_far_as_proxies_are_trusted(
    cast: Cast, settings: Any, proxies: int, forwarded: str | None, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"x_forwarded_for": forwarded} if forwarded else {}
    sign_in("viewer@example.com", **headers)
    assert acts.last(cast.viewer).address == address


def test_a_browsers_name_is_shortened_and_cleaned(cast: Cast) -> None:
    odd = "Mozilla\t\x1b[31m  \N{RIGHT-TO-LEFT OVERRIDE}" + "a" * 5000
    sign_in("viewer@example.com", user_agent=odd)
    agent = acts.last(cast.viewer).agent
    assert agent == ("Mozilla [31m " + "a" * 5000)[:200]
