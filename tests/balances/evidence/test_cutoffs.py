"""Cut-offs of statements: which instant is meant, what is refused, and where it is said."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import Cast
from tests.support.history import StoppedClock, at
from tests.support.markup import read


@pytest.fixture
def browser(cast: Cast, monkeypatch: pytest.MonkeyPatch, browser_of: Any) -> Client:
    """Somebody in Berlin, on the second of March 2026, at 11:00 there."""
    StoppedClock(monkeypatch, at(10))
    return in_zone(cast, browser_of, "Europe/Berlin")


def in_zone(cast: Cast, browser_of: Any, zone: str) -> Client:
    cast.viewer.time_zone = zone
    cast.viewer.save()
    found: Client = browser_of(cast.viewer)
    return found


def led_to(browser: Client, **query: str) -> str:
    """Return the exact instant of the statement that the form leads to."""
    answer = browser.get(reverse("reports"), query)
    assert answer.status_code == 302
    path, _, asked = answer.headers["Location"].partition("?at=")
    assert path == reverse("statement")
    return asked.replace("%3A", ":")


@pytest.mark.parametrize(
    ("query", "instant"),
    [
        ({"date": "2026-02-28"}, "2026-02-28T23:00:00Z"),
        ({"date": "2026-02-28", "time": ""}, "2026-02-28T23:00:00Z"),
        ({"date": "2026-02-28", "time": "18:30"}, "2026-02-28T17:30:00Z"),
        ({"date": "2025-06-30"}, "2025-06-30T22:00:00Z"),
        ({"at": "2026-02-28T18:30+05:30"}, "2026-02-28T13:00:00Z"),
        # Clocks went back from three to two: the first of the two is meant.
        ({"date": "2025-10-26", "time": "02:30"}, "2025-10-26T00:30:00Z"),
        ({"date": "2025-10-25"}, "2025-10-25T22:00:00Z"),
        ({"date": "2025-10-26"}, "2025-10-26T23:00:00Z"),
    ],
)
def test_the_end_of_a_day_and_a_time_of_it_are_the_reader_s(
    browser: Client, query: dict[str, str], instant: str
) -> None:
    assert led_to(browser, **query) == instant


def test_a_day_ends_where_the_next_begins_even_if_midnight_is_skipped(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, browser_of: Any
) -> None:
    StoppedClock(monkeypatch, at(10))
    # In Cairo clocks went from 24:00 on 24 April 2025 to 01:00.
    browser = in_zone(cast, browser_of, "Africa/Cairo")
    assert led_to(browser, date="2025-04-24") == "2025-04-24T22:00:00Z"


def test_the_statement_says_exactly_which_instant_in_utc_and_there(browser: Client) -> None:
    page = read(browser.get(reverse("statement"), {"at": "2026-02-28T23:00:00Z"}))
    assert "as of the end of 28 February 2026, Europe/Berlin" in page.text
    assert "2026-02-28 23:00:00 UTC , in Europe/Berlin 1 March 2026, 00:00 CET" in page.text
    answer: Any = browser.get(reverse("statement-json"), {"at": "2026-02-28T23:00:00Z"})
    told = json.loads(b"".join(answer.streaming_content))
    assert (told["at"], told["local"], told["zone"]) == (
        "2026-02-28T23:00:00.000000Z",
        "2026-03-01T00:00:00.000000+01:00",
        "Europe/Berlin",
    )


def test_a_time_that_clocks_showed_twice_is_said_to_be(browser: Client) -> None:
    page = read(browser.get(reverse("statement"), {"at": "2025-10-26T01:30:00Z"}))
    assert "2025-10-26 00:30:00 UTC too, which is not meant" in page.text


def test_shortcuts_are_ends_of_days_of_the_reader_s_zone(browser: Client) -> None:
    page = read(browser.get(reverse("reports")))
    found = [e.attributes["value"] for e in page.all("button", name="at")]
    assert found == [
        "2026-03-01T23:00:00Z",
        "2026-02-28T23:00:00Z",
        "2025-12-31T23:00:00Z",
        "2025-12-31T23:00:00Z",
    ]
    assert page.values()["date"] == "2026-02-28"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"date": "2026-03-03"}, "has not come yet"),
        ({"date": "2026-03-02"}, "has not come yet"),
        ({"at": "2026-03-02T10:00:01Z"}, "has not come yet"),
        ({"date": "2008-12-30"}, "between 2009 and now"),
        ({"date": "0001-01-01"}, "between 2009 and now"),
        ({"date": "9999-12-31"}, "between 2009 and now"),
        ({"date": "2025-03-30", "time": "02:30"}, "clocks went forward"),
        ({"date": "2025-02-30"}, "Give a date"),
        ({"at": "1" + 18 * "0"}, "Give a date"),
        ({"at": "<b>\u202e"}, "Give a date"),
        ({"date": ""}, "Give the date"),
    ],
)
def test_what_is_no_cut_off_is_said_at_the_field_and_makes_no_file(
    browser: Client, query: dict[str, str], words: str
) -> None:
    for name in ("reports", "statement"):
        answer = browser.get(reverse(name), query)
        assert answer.status_code == 422
        page = read(answer)
        assert page.has("ul", id="id_at_error")
        assert words in page.text
    answer = browser.get(reverse("statement-json"), query)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        400,
        "text/plain; charset=utf-8",
    )
    assert words in answer.content.decode()


def test_now_is_a_cut_off_that_answers_may_still_come_for(browser: Client) -> None:
    page = read(browser.get(reverse("statement"), {"at": "2026-03-02T10:00:00Z"}))
    assert "answers that were under way" in page.text
    page = read(browser.get(reverse("statement"), {"at": "2026-03-02T09:00:00Z"}))
    assert "answers that were under way" not in page.text
