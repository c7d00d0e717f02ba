"""What a chart is told: days of the reader's zone by hand, extremes, files of every change."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, User
from balances.lifecycle import ownership
from tests.conftest import Cast
from tests.support.history import StoppedClock, coins, failed, keyless, seen
from tests.support.markup import read

TICK = timedelta(microseconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, utc("2026-11-01T12:00"))


def held(*totals: tuple[str, int]) -> Account:
    """Return an account of the fund that holds so many hundredths of BTC from each instant on."""
    account = keyless("Vault", utc(totals[0][0]))
    for instant, total in totals:
        seen(account, utc(instant), BTC=coins(total))
    return account


def drawn(viewer: Client, account: Account | None, **query: str) -> Any:
    """Return a chart's points, of one account or of all."""
    name, args = ("account-series", [account.uid]) if account else ("series", [])
    answer = viewer.get(reverse(name, args=args), {"asset": "BTC", "range": "custom", **query})
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


#: Changes on both sides of each midnight: one just before it, one at it.
@pytest.mark.parametrize(
    ("zone", "midnights"),
    [
        ("Europe/London", ["2026-03-29T00:00", "2026-03-29T23:00", "2026-03-30T23:00"]),
        ("Europe/London", ["2026-10-24T23:00", "2026-10-26T00:00", "2026-10-27T00:00"]),
        ("Asia/Kathmandu", ["2026-03-28T18:15", "2026-03-29T18:15", "2026-03-30T18:15"]),
        ("Australia/Lord_Howe", ["2026-04-04T13:00", "2026-04-05T13:30", "2026-04-06T13:30"]),
        ("Australia/Lord_Howe", ["2026-10-03T13:30", "2026-10-04T13:00", "2026-10-05T13:00"]),
    ],
)
@pytest.mark.parametrize("is_total", [True, False])
def test_a_day_ends_just_before_the_readers_midnight(
    viewer: Client,
    zone: str,
    midnights: list[str],
    is_total: bool,  # noqa: FBT001
) -> None:
    User.objects.update(time_zone=zone)
    edges = [utc(text) for text in midnights]
    account = keyless("Vault", edges[0] - timedelta(hours=3))
    total = 0
    for edge in edges:
        for instant in (edge - timedelta(seconds=1), edge):
            total += 1
            seen(account, instant, BTC=coins(total))
    told = drawn(
        viewer,
        None if is_total else account,
        step="day",
        **_local(edges[0] - timedelta(hours=6), edges[2] + timedelta(hours=6), zone),
    )
    ends = [int((edge - TICK).timestamp()) for edge in edges]
    assert told["at"][1:-1] == ends
    assert told["total"] == [None, "0.01", "0.03", "0.05", "0.06"]
    assert told["step"] == f"each point is the end of a day in {zone}"


def _local(start: datetime, end: datetime, zone: str) -> dict[str, str]:
    local = [at.astimezone(ZoneInfo(zone)) for at in (start, end)]
    return {n: f"{at:%Y-%m-%dT%H:%M}" for n, at in zip(("from", "to"), local, strict=True)}


OCTOBER = {"from": "2026-10-01T00:00", "to": "2026-10-04T00:00", "step": "day"}


def test_extremes_are_exact_for_one_account_and_of_hour_ends_for_sums(viewer: Client) -> None:
    account = held(
        ("2026-09-30T10:00", 100), ("2026-10-02T10:10", 900), ("2026-10-02T10:20", 50),
        ("2026-10-02T10:30", 200), ("2026-10-02T15:00", 300), ("2026-10-02T16:10", 250),
    )  # fmt: skip
    one, whole = drawn(viewer, account, **OCTOBER), drawn(viewer, None, **OCTOBER)
    assert one["total"] == whole["total"] == ["1.00", "1.00", "2.50", "2.50", "2.50"]
    assert (one["low"][2], one["high"][2]) == ("0.50", "9.00")
    assert (whole["low"][2], whole["high"][2]) == ("1.00", "3.00")
    assert (one["low"][3], one["high"][3]) == ("2.50", "2.50")
    assert "at the end of any hour" in whole["band"]
    assert "at the end of any hour" not in one["band"]
    page = read(viewer.get(reverse("overview"), {"asset": "BTC", "range": "custom", **OCTOBER}))
    assert "In this chart each point is the end of a day in UTC." in page.text
    assert "what several accounts held within an hour is not added up" in page.text


def test_what_was_before_a_range_is_no_extreme_of_its_first_point(viewer: Client) -> None:
    account = held(("2026-09-20T10:00", 900), ("2026-09-21T10:00", 1), ("2026-09-30T10:00", 100))
    for told in (drawn(viewer, account, **OCTOBER), drawn(viewer, None, **OCTOBER)):
        assert (told["low"][0], told["high"][0]) == ("1.00", "1.00")


def test_who_was_given_away_stays_in_the_past_of_the_total(
    viewer: Client, cast: Cast, clock: StoppedClock
) -> None:
    account = held(("2026-10-01T10:00", 100))
    clock.now = utc("2026-10-02T12:00")
    ownership.transfer(account, cast.other, by=None)
    clock.now = utc("2026-11-01T12:00")
    told = drawn(viewer, None, **OCTOBER)
    assert told["total"] == [None, "1.00", None, None, None]
    assert [mark["text"] for mark in told["marks"]] == ["Vault joined", "Vault left"]


def test_a_chart_as_of_an_instant_ends_there(viewer: Client) -> None:
    held(("2026-10-01T10:00", 100), ("2026-10-02T10:00", 200))
    told = drawn(viewer, None, range="24h", at="2026-10-02T09:00:00Z")
    assert told["at"][-1] == int(utc("2026-10-02T09:00").timestamp())
    assert told["total"][-1] == "1.00"


def test_a_step_too_fine_for_the_range_is_said(viewer: Client) -> None:
    account = held(("2026-10-01T10:00", 100))
    query = {"asset": "BTC", "range": "1y", "step": "hour"}
    answer = viewer.get(reverse("account-series", args=[account.uid]), query)
    assert answer.status_code == 400
    assert "Choose a longer step" in answer.json()["error"]
    page = read(viewer.get(reverse("account", args=[account.uid]), query))
    assert "Choose a longer step" in page.one("p", id="range-error").text


def test_failures_of_one_account_are_told(viewer: Client) -> None:
    account = held(("2026-10-01T10:00", 100))
    for minute in (5, 10):
        failed(account, utc(f"2026-10-01T10:{minute:02}"))
    seen(account, utc("2026-10-01T10:15"), BTC=coins(100))
    (failure,) = drawn(viewer, account, **OCTOBER)["failures"]
    assert (failure["from"], failure["to"]) == (
        int(utc("2026-10-01T10:05").timestamp()), int(utc("2026-10-01T10:15").timestamp())
    )  # fmt: skip
    assert failure["text"].startswith("Failed: ")
    assert drawn(viewer, None, **OCTOBER)["failures"] == []


def test_what_fails_still_is_told_too(viewer: Client) -> None:
    account = held(("2026-10-01T10:00", 100))
    for minute in (5, 10):
        failed(account, utc(f"2026-10-01T10:{minute:02}"))
    (failure,) = drawn(viewer, account, **OCTOBER)["failures"]
    assert (failure["from"], failure["to"]) == (
        int(utc("2026-10-01T10:05").timestamp()), int(utc("2026-10-01T10:15").timestamp())
    )  # fmt: skip
    assert drawn(viewer, account, range="24h", at="2026-10-01T10:04:00Z")["failures"] == []


def test_a_file_of_every_change_begins_with_what_was_held(viewer: Client) -> None:
    account = held(
        ("2026-09-30T10:00", 100), ("2026-10-02T10:10", 900), ("2026-10-02T10:20", 50),
        ("2026-10-05T10:30", 200),
    )  # fmt: skip
    query = {"asset": "BTC", "range": "custom", "every": "change", **OCTOBER}
    for name, args in (("account-series-csv", [account.uid]), ("series-csv", [])):
        answer = viewer.get(reverse(name, args=args), query)
        rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert [(row["at"], row["total"]) for row in rows] == [
            ("2026-10-01T00:00:00Z", "1.00"),
            ("2026-10-02T10:10:00Z", "9.00"),
            ("2026-10-02T10:20:00Z", "0.50"),
        ]
        assert {row["account"] for row in rows} == {"Vault"}
        assert {row["account id"] for row in rows} == {str(account.uid)}


def test_points_of_what_other_owners_held_are_those_of_nothing(
    viewer: Client, cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    account = held(("2026-10-01T10:00", 100))
    seen(account, utc("2026-10-01T11:00"), BTC=coins(100), DOGE=coins(5))
    seen(account, utc("2026-10-01T12:00"), BTC=coins(100))
    clock.now = utc("2026-10-02T12:00")
    ownership.transfer(account, cast.other, by=None)
    clock.now = utc("2026-11-01T12:00")
    seen(account, utc("2026-10-02T13:00"), BTC=coins(100), ETH=coins(1))
    before, after = "2026-10-02T11:00:00Z", "2026-11-01T12:00:00Z"
    for browser, asset, at in (
        (viewer, "ETH", before),
        (browser_of(cast.stranger), "DOGE", after),
    ):
        for name, args in (("series", []), ("account-series", [account.uid])):
            for ending, more in (("", {}), ("-csv", {}), ("-csv", {"every": "change"})):
                theirs, nobodys = (
                    b"".join(
                        browser.get(
                            reverse(name + ending, args=args),
                            {"range": "custom", "at": at, **OCTOBER, "asset": one, **more},
                        )
                    ).decode()
                    for one in (asset, "XBT")
                )
                assert theirs.replace(asset, "XBT") == nobodys
    told = drawn(viewer, None, asset="DOGE", **OCTOBER)
    assert told["total"] == [None, "0.00", None, None, None]
