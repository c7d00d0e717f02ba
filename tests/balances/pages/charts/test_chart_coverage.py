"""How many accounts a chart counts at an instant: as many as tables about that instant."""

import csv
import io
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from balances.lifecycle import ownership, pausing
from tests.conftest import Cast
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import read

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def accounts(cast: Cast, clock: StoppedClock) -> dict[str, Account]:
    """Some that stay fresh, grow old, are not known for long, do not count, leave, or rest."""
    found = {
        name: keyless(name, at(10))
        for name in ("Steady", "Old", "Late", "Silent", "Apart", "Given", "Archived")
    }
    for name in ("Steady", "Old", "Apart", "Given", "Archived"):
        seen(found[name], at(10), BTC=coins(100))
    clock.now = at(10, 4)
    ownership.count(found["Apart"], counted=False, by=None)
    clock.now = at(10, 8)
    ownership.transfer(found["Given"], cast.other, by=None)
    clock.now = at(10, 12)
    pausing.archive(found["Archived"], by=None)
    for minute in (5, 10, 15, 20):
        seen(found["Steady"], at(10, minute), BTC=coins(100))
    seen(found["Late"], at(10, 15), BTC=coins(7))
    clock.now = at(10, 22)
    return found


#: At each instant how many are fresh, how many count, how many of those are unknown, and what that
#: makes of the point.
EXPECTED: list[tuple[datetime, tuple[int, int, int, str]]] = [
    (at(10, 3), (5, 7, 2, "incomplete")),
    (at(10, 4), (4, 6, 2, "incomplete")),
    (at(10, 8), (3, 5, 2, "incomplete")),
    (at(10, 12), (1, 4, 2, "carried")),
    (at(10, 15), (2, 4, 1, "carried")),
    (at(10, 21), (2, 4, 1, "carried")),
]


@pytest.mark.parametrize(("instant", "counted"), EXPECTED)
def test_charts_and_tables_count_the_same(
    viewer: Client,
    accounts: dict[str, Account],
    instant: datetime,
    counted: tuple[int, int, int, str],
) -> None:
    assert accounts
    query = {"asset": "BTC", "at": f"{instant:%Y-%m-%dT%H:%M:%SZ}"}
    drawn = viewer.get(reverse("series"), query).json()
    assert counted == tuple(drawn[name][-1] for name in ("fresh", "expected", "unknown", "seen"))
    fresh, expected, unknown, _ = counted
    for name in ("overview", "asset"):
        page = read(viewer.get(reverse(name), query)).text
        assert (
            f"{fresh} of {expected} accounts are fresh, {unknown} unknown and in no total" in page
        )
        assert f"{fresh} of {expected} fresh, {unknown} unknown" in page  # the chart's own table


def test_a_file_tells_how_many_are_unknown(viewer: Client, accounts: dict[str, Account]) -> None:
    assert accounts
    query = {"asset": "BTC", "at": "2026-03-02T10:03:00Z"}
    answer = viewer.get(reverse("series-csv"), query)
    last = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))[-1]
    told = [last[name] for name in ("coverage", "fresh accounts", "accounts", "unknown accounts")]
    assert told == ["incomplete", "5", "7", "2"]


def test_an_account_that_is_unknown_is_one_of_one(
    viewer: Client, accounts: dict[str, Account]
) -> None:
    query = {"asset": "BTC", "at": "2026-03-02T10:03:00Z"}
    url = reverse("account-series", args=[accounts["Silent"].uid])
    drawn = viewer.get(url, query).json()
    counted = [drawn[name][-1] for name in ("total", "fresh", "expected", "unknown", "seen")]
    assert counted == [None, 0, 1, 1, "unknown"]
