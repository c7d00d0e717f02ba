"""The instant that a page is asked for: local times, ends of days, hours that come twice or not."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from balances.pages.as_of import instant as as_of_instant
from balances.pages.as_of.instant import AsOf

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LONDON, KATHMANDU, LORD_HOWE = "Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def asked(zone: str = "UTC", **query: str) -> AsOf:
    with timezone.override(ZoneInfo(zone)):
        return as_of_instant.asked(query, now=NOW)


@pytest.mark.parametrize("query", [{}, {"at": ""}, {"at": "  "}, {"date": "", "time": ""}])
def test_nothing_asked_for_is_now(query: dict[str, str]) -> None:
    assert asked(LONDON, **query) == AsOf(NOW, NOW)
    assert asked(LONDON, **query).query == {}


@pytest.mark.parametrize(
    ("zone", "typed", "instant"),
    [
        ("UTC", "2026-03-29T01:30", "2026-03-29T01:30"),
        (LONDON, "2026-03-29T10:00", "2026-03-29T09:00"),
        (LONDON, "2026-03-29T10:00:09.5", "2026-03-29T09:00:09.5"),
        (KATHMANDU, "2026-03-02T12:00", "2026-03-02T06:15"),
        # An hour that comes twice means its first; an offset tells which.
        (LONDON, "2026-10-25T01:30", "2026-10-25T00:30"),
        (LONDON, "2026-10-25T01:30+00:00", "2026-10-25T01:30"),
        (LONDON, "2026-10-25T01:30 01:00", "2026-10-25T00:30"),
        (LORD_HOWE, "2026-04-05T01:45", "2026-04-04T14:45"),
        # With an offset the zone does not matter, nor what its clocks skip.
        (LONDON, "2026-03-29T01:30Z", "2026-03-29T01:30"),
        (KATHMANDU, "2026-03-29T01:30:00.000001Z", "2026-03-29T01:30:00.000001"),
        # A date alone is its end.
        ("UTC", "2026-03-28", "2026-03-29T00:00"),
        (LONDON, "2026-03-29", "2026-03-29T23:00"),
        (KATHMANDU, "2026-03-28", "2026-03-28T18:15"),
        (LONDON, "20260329", "2026-03-29T23:00"),
        ("UTC", "2026-W13-6", "2026-03-29T00:00"),
        # Where clocks skip midnight, the next day begins later.
        ("Africa/Cairo", "2026-04-23", "2026-04-23T22:00"),
        ("America/Havana", "2026-10-31", "2026-11-01T04:00"),
        ("UTC", "2026-11-01T12:00", "2026-11-01T12:00"),
    ],
)
def test_what_is_asked_for_is_one_instant(zone: str, typed: str, instant: str) -> None:
    found = asked(zone, at=typed)
    assert (found.at, found.is_past, found.error) == (utc(instant), True, "")
    again = asked("Pacific/Kiritimati", **found.query)
    assert again.at == found.at


def test_a_form_sends_date_and_time_apart() -> None:
    assert asked(LONDON, date="2026-03-29", time="10:00").at == utc("2026-03-29T09:00")
    assert asked(LONDON, date="2026-03-29", time="").at == utc("2026-03-29T23:00")


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("2026-03-29T01:30", "There was no 01:30 on 29 Mar 2026 in Europe/London"),
        ("2026-11-01", "has not come yet"),
        ("2026-11-01T12:00:00.000001Z", "has not come yet"),
        ("2026-12-01T10:00", "has not come yet"),
        ("9999-12-31T23:59", "Give a time between 2009 and now."),
        ("9999-12-31", "Give a time between 2009 and now."),
        ("0001-01-01", "Give a time between 2009 and now."),
        ("0001-01-01T00:00+14:00", "Give a time between 2009 and now."),
        ("9999-12-31T23:59-14:00", "Give a time between 2009 and now."),
        ("0001-01-01T00:00", "Give a time between 2009 and now."),
        ("2008-12-31T23:59Z", "Give a time between 2009 and now."),
        ("1000000000000000000", "Give a date, or a time"),
        ("2026-02-30", "Give a date, or a time"),
        ("2026-02-30T10:00", "Give a date, or a time"),
        ("now", "Give a date, or a time"),
        ("10:00", "Give a date, or a time"),
        ("'\"><b>", "Give a date, or a time"),
        ("\0", "Give a date, or a time"),
        ("\u0662\u0660\u0662\u0666-03-01", "Give a date, or a time"),
        ("x" * 3000, "Give a date, or a time"),
    ],
)
def test_what_is_no_instant_of_the_past_is_said_and_shown_again(typed: str, error: str) -> None:
    found = asked(LONDON, at=typed)
    assert error in found.error
    assert (found.is_past, found.typed) == (False, typed[: as_of_instant.LONGEST])


def test_an_hour_that_comes_twice_has_another_one() -> None:
    first, second = utc("2026-10-25T00:30"), utc("2026-10-25T01:30")
    with timezone.override(ZoneInfo(LONDON)):
        assert as_of_instant.other_one(first) == second
        assert as_of_instant.other_one(second) == first
        for only in ("2026-10-24T23:30", "2026-03-29T00:30", "2026-03-29T01:30"):
            assert as_of_instant.other_one(utc(only)) is None


def test_an_instant_is_told_as_exactly_as_it_is() -> None:
    with timezone.override(ZoneInfo(LONDON)):
        told = [
            as_of_instant.long_text(utc(text))
            for text in ("2026-03-29T09:00", "2026-03-29T09:00:05", "2026-01-02T09:00:00.000120")
        ]
    assert told == [
        "29 March 2026, 10:00 BST",
        "29 March 2026, 10:00:05 BST",
        "2 January 2026, 09:00:00.000120 GMT",
    ]
