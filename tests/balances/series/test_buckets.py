"""Where the points of charts lie; days with daylight saving and zones off the hour by hand."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from balances.core.instants import TICK
from balances.series.buckets import CHOICES, DAY, MOST_POINTS, TooManyPointsError, buckets

HOUR = timedelta(hours=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days(zone: str, start: str, end: str) -> list[datetime]:
    """Return where days begin after `start`: just after the points that end the ones before."""
    found = buckets(utc(start), utc(end), ZoneInfo(zone), DAY).points
    assert (found[0], found[-1]) == (utc(start), utc(end))
    return [point + TICK for point in found[1:-1]]


@pytest.mark.parametrize(
    ("zone", "start", "end", "midnights", "hours"),
    [
        # 29 March 2026 has 23 hours, 25 October 25.
        (
            "Europe/London", "2026-03-28T12:00", "2026-03-30T12:00",
            ["2026-03-29T00:00", "2026-03-29T23:00"], [23],
        ),
        (
            "Europe/London", "2026-10-24T12:00", "2026-10-26T12:00",
            ["2026-10-24T23:00", "2026-10-26T00:00"], [25],
        ),
        # Days at 18:15 UTC, always of 24 hours.
        (
            "Asia/Kathmandu", "2026-03-28T12:00", "2026-03-30T12:00",
            ["2026-03-28T18:15", "2026-03-29T18:15"], [24],
        ),
        # 5 April 2026 has 24½ hours, 4 October 23½.
        (
            "Australia/Lord_Howe", "2026-04-04T00:00", "2026-04-06T00:00",
            ["2026-04-04T13:00", "2026-04-05T13:30"], [24.5],
        ),
        (
            "Australia/Lord_Howe", "2026-10-03T00:00", "2026-10-05T00:00",
            ["2026-10-03T13:30", "2026-10-04T13:00"], [23.5],
        ),
        # Midnight itself is skipped: the day begins at one.
        (
            "Africa/Cairo", "2026-04-23T12:00", "2026-04-25T12:00",
            ["2026-04-23T22:00", "2026-04-24T21:00"], [23],
        ),
        # Midnight comes twice: the first one begins the day.
        (
            "America/Havana", "2026-10-31T12:00", "2026-11-02T12:00",
            ["2026-11-01T04:00", "2026-11-02T05:00"], [25],
        ),
        # A day that was never there.
        (
            "Pacific/Apia", "2011-12-29T20:00", "2011-12-31T20:00",
            ["2011-12-30T10:00", "2011-12-31T10:00"], [24],
        ),
    ],
)  # fmt: skip
def test_days_begin_at_the_readers_midnight(
    zone: str, start: str, end: str, midnights: list[str], hours: list[float]
) -> None:
    found = days(zone, start, end)
    assert found == [utc(text) for text in midnights]
    assert [(b - a) / HOUR for a, b in pairwise(found)] == hours


@pytest.mark.parametrize(
    ("length", "step", "count"),
    [
        (timedelta(hours=1), "a minute", 62),
        (timedelta(hours=24), "5 minutes", 290),
        (timedelta(days=7), "an hour", 170),
        (timedelta(days=30), "3 hours", 242),
        (timedelta(days=90), "6 hours", 362),
        (timedelta(days=365), "a day", 367),
        (timedelta(days=3 * 365), "a week", 158),
        (timedelta(days=17 * 365), "a month", 205),
    ],
)
def test_the_finest_step_is_taken_that_gives_at_most_500_points(
    length: timedelta, step: str, count: int
) -> None:
    end = utc("2026-12-31T00:00")
    found = buckets(end - length, end, ZoneInfo("UTC"))
    assert (found.step.text, len(found.points)) == (step, count)
    assert list(found.points) == sorted(set(found.points))


def test_a_range_off_the_steps_has_partial_buckets_at_both_ends() -> None:
    start, end = utc("2026-03-02T10:07:30"), utc("2026-03-02T12:20")
    found = buckets(start, end, ZoneInfo("Asia/Kathmandu"), CHOICES["hour"])
    assert list(found.points) == [
        start, utc("2026-03-02T11:00") - TICK, utc("2026-03-02T12:00") - TICK, end
    ]  # fmt: skip
    assert found.text == "each point is the end of an hour"


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    zone = ZoneInfo("Europe/London")
    weeks = buckets(utc("2026-03-20T12:00"), utc("2026-04-01T12:00"), zone, CHOICES["week"])
    assert [point + TICK for point in weeks.points[1:-1]] == [
        utc("2026-03-23T00:00"), utc("2026-03-29T23:00")
    ]  # fmt: skip
    assert weeks.text == "each point is the end of a week in Europe/London"
    months = buckets(utc("2026-02-10T12:00"), utc("2026-05-02T12:00"), zone, CHOICES["month"])
    assert [point + TICK for point in months.points[1:-1]] == [
        utc("2026-03-01T00:00"), utc("2026-03-31T23:00"), utc("2026-04-30T23:00")
    ]  # fmt: skip


def test_a_step_that_gives_more_than_500_points_is_refused() -> None:
    end, zone = utc("2026-12-31T00:00"), ZoneInfo("UTC")
    assert len(buckets(end - 498 * HOUR, end, zone, CHOICES["hour"]).points) == MOST_POINTS
    for length in (499 * HOUR, 10_000 * HOUR):
        with pytest.raises(TooManyPointsError, match="Choose a longer step or a shorter range"):
            buckets(end - length, end, zone, CHOICES["hour"])


def test_points_of_a_very_short_range_are_its_ends() -> None:
    start = utc("2026-03-02T10:07:30")
    assert buckets(start, start + TICK, ZoneInfo("UTC")).points == (start, start + TICK)
