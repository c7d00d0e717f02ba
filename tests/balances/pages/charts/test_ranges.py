"""The stretch of time of a chart: hours that daylight saving skips or repeats, and nonsense."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, User
from accounts.shared.local_time import local_instant
from balances.pages.charts import ranges
from tests.support.history import StoppedClock, coins, keyless, seen
from tests.support.markup import read

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LONDON, KATHMANDU, LORD_HOWE = "Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "typed", "instant"),
    [
        ("UTC", "2026-03-29T01:30", "2026-03-29T01:30"),
        (LONDON, "2026-03-29T00:59", "2026-03-29T00:59"),
        # Skipped: as much later. Half past one is half past two.
        (LONDON, "2026-03-29T01:30", "2026-03-29T01:30"),
        (LONDON, "2026-03-29T02:00", "2026-03-29T01:00"),
        # Twice: the first one.
        (LONDON, "2026-10-25T01:30", "2026-10-25T00:30"),
        (LONDON, "2026-10-25T02:00", "2026-10-25T02:00"),
        (KATHMANDU, "2026-03-02T12:00", "2026-03-02T06:15"),
        # Half an hour of daylight saving.
        (LORD_HOWE, "2026-10-04T02:15", "2026-10-03T15:45"),
        (LORD_HOWE, "2026-10-04T02:30", "2026-10-03T15:30"),
        (LORD_HOWE, "2026-04-05T01:45", "2026-04-04T14:45"),
        (LORD_HOWE, "2026-04-05T02:00", "2026-04-04T15:30"),
        ("Pacific/Kiritimati", "2026-01-01T00:00", "2025-12-31T10:00"),
        # A day that was never there.
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T22:00"),
    ],
)
def test_a_local_time_is_one_instant(zone: str, typed: str, instant: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert local_instant(typed) == utc(instant)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "x",
        "now",
        "2026-13-01T00:00",
        "2026-02-30T00:00",
        "0001-01-01T00:00",
        "9999-12-31T23:59",
        "1000000000000000000",
        "2026-03-01T10:00Z",
        "2026-03-01T10:00+05:45",
        "2026-03-01T25:00",
        "-2026-03-01",
        "\0",
        "\u0662\u0660\u0662\u0666-03-01T10:00",
    ],
)
def test_what_is_no_local_time_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of several makers
        local_instant(typed)


@pytest.mark.parametrize(
    ("name", "hours"),
    [("24h", 24), ("7d", 168), ("30d", 720), ("90d", 2160), ("1y", 8760), ("x", 168), ("", 168)],
)
def test_named_ranges_end_now(name: str, hours: int) -> None:
    found = ranges.range_of({"range": name}, now=NOW, first_seen=None)
    assert (found.start, found.end, found.error) == (NOW - timedelta(hours=hours), NOW, "")


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("UTC", "2026-01-01T00:00"),
        (LONDON, "2026-01-01T00:00"),
        (KATHMANDU, "2025-12-31T18:15"),
        (LORD_HOWE, "2025-12-31T13:00"),
    ],
)
def test_the_year_to_date_begins_at_the_readers_midnight(zone: str, start: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert ranges.range_of({"range": "ytd"}, now=NOW, first_seen=None).start == utc(start)
        # In the hour that comes twice too.
        second = datetime(2026, 10, 25, 1, 30, tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
        assert ranges.range_of({"range": "ytd"}, now=second, first_seen=None).start == utc(start)


def test_all_begins_where_the_first_snapshot_is() -> None:
    first = NOW - timedelta(days=400)
    assert ranges.range_of({"range": "all"}, now=NOW, first_seen=first).start == first
    for young in (None, NOW, NOW - timedelta(minutes=1)):
        found = ranges.range_of({"range": "all"}, now=NOW, first_seen=young)
        assert found.start == NOW - timedelta(hours=1)


@pytest.mark.parametrize(("hours", "name"), [(0, "24h"), (23, "24h"), (24, "7d"), (900, "7d")])
def test_what_is_shown_unasked_fits_what_there_is(hours: int, name: str) -> None:
    first = NOW - timedelta(hours=hours)
    for query in ({}, {"range": ""}):
        assert ranges.range_of(query, now=NOW, first_seen=first).name == name
    assert ranges.range_of({"range": "7d"}, now=NOW, first_seen=first).name == "7d"


@pytest.fixture
def account(viewer: Client, clock: StoppedClock) -> Account:  # noqa: ARG001
    clock.now = NOW
    account = keyless("Vault", NOW - timedelta(minutes=2))
    seen(account, NOW - timedelta(minutes=1), BTC=coins(100))
    return account


def query(start: str, end: str) -> str:
    return urlencode({"asset": "BTC", "range": "custom", "from": start, "to": end})


@pytest.mark.parametrize(
    ("start", "end", "error"),
    [
        ("2026-10-02T00:00", "2026-10-01T00:00", "From has to be earlier than To."),
        ("2026-10-01T00:00", "2026-10-01T00:00", "From has to be earlier than To."),
        ("1926-01-01T00:00", "2026-01-01T00:00", "From has to lie between 2009 and now."),
        ("2026-12-01T00:00", "2026-12-02T00:00", "From has to lie between 2009 and now."),
        ("", "", "Give both times"),
        ("2026-10-01T00:00", "", "Give both times"),
        ("'\"><b>", "x" * 3000, "Give both times"),
    ],
)
def test_a_range_that_cannot_be_is_said_everywhere(
    viewer: Client, account: Account, start: str, end: str, error: str
) -> None:
    for args in ([], [account.uid]):
        prefix = "account-" if args else ""
        path = reverse("account" if args else "overview", args=args)
        page = read(viewer.get(f"{path}?{query(start, end)}"))
        assert error in page.one("p", id="range-error").text
        fields = page.values()
        assert (fields["from"], fields["to"]) == (start[:40], end[:40])
        answer = viewer.get(f"{reverse(f'{prefix}series', args=args)}?{query(start, end)}")
        assert answer.status_code == 400
        assert error in json.loads(answer.content)["error"]
        file = viewer.get(f"{reverse(f'{prefix}series-csv', args=args)}?{query(start, end)}")
        assert (file.status_code, file.headers["Content-Type"]) == (
            400,
            "text/plain; charset=utf-8",
        )
        assert error in file.content.decode()


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2009-01-02T00:00", "2999-01-01T00:00"),
        ("2026-11-01T11:59", "2026-11-01T12:00"),
        ("2026-10-25T00:30", "2026-10-25T02:30"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", LONDON, KATHMANDU, LORD_HOWE])
def test_a_custom_range_has_at_most_500_points_from_its_start_to_its_end(
    viewer: Client, account: Account, start: str, end: str, zone: str
) -> None:
    User.objects.update(time_zone=zone)
    answer = viewer.get(f"{reverse('account-series', args=[account.uid])}?{query(start, end)}")
    told = json.loads(answer.content)
    with timezone.override(ZoneInfo(zone)):
        first, last = local_instant(start), min(local_instant(end), NOW)
    assert (told["at"][0], told["at"][-1]) == (int(first.timestamp()), int(last.timestamp()))
    assert 2 <= len(told["at"]) <= 500
    assert told["at"] == sorted(told["at"])
    assert told["zone"] == zone


def test_times_are_the_readers_and_their_zone_is_named(viewer: Client, account: Account) -> None:
    User.objects.update(time_zone=KATHMANDU)
    asked = query("2026-10-01T12:00", "2026-10-02T12:00")
    text = read(viewer.get(f"{reverse('account', args=[account.uid])}?{asked}")).text
    assert "1 Oct 2026, 12:00 UTC+05:45 to 2 Oct 2026, 12:00 UTC+05:45" in text
    assert f"Times in {KATHMANDU}" in text
