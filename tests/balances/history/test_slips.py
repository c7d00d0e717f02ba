"""Slips that would make a number wrong or look fresher than it is, each with its neighbours."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Account, User
from balances.core import sql
from balances.core.instants import iso
from balances.evidence.verification.verify import verify
from balances.history import positions
from balances.history.positions import Position
from balances.ledger import rollups
from balances.lifecycle import ownership, pausing
from balances.pages.components import status_text
from balances.polling import refreshes
from balances.polling.results import Failure
from balances.portfolio.members import bare_members, members_at
from balances.portfolio.scope import Scope
from balances.series import buckets, sums
from balances.series.points import series
from balances.series.rollup_sql import Reach
from tests.conftest import Cast
from tests.support import roles
from tests.support.evidence.statements import statement
from tests.support.history import (
    StoppedClock,
    answer,
    at,
    claimed,
    coins,
    delivered,
    failed,
    given_away,
    keyless,
    seen,
)
from tests.support.markup import shown
from tests.support.props import LONG_AGO, signed_in

TICK = timedelta(microseconds=1)
pytestmark = pytest.mark.usefixtures("cast", "clock")
#: Total 0, with something on its way or free to move: an asset that is held all the same.
ODD = {
    "in": (0, 0, 3, 0, 1),
    "out": (0, 0, 0, 3, 1),
    "available": (0, 3, 0, 0, 1),
}
odd = pytest.mark.parametrize("amounts", ODD.values(), ids=list(ODD))


def position(account: Account, instant: datetime) -> Position:
    (found,) = positions.positions([account.pk], instant)
    return found


def observed(account: Account, instant: datetime) -> datetime:
    sight = position(account, instant).sight
    assert sight is not None
    return sight.observed_at


def coverages(account: Account, instant: datetime) -> set[str]:
    """Return what `balance_at` and what charts say of an instant: one word, if they agree."""
    (point,) = series([account.pk], "BTC", [instant])
    word = "fresh" if point.seen == "observed" else point.seen
    return {position(account, instant).coverage(instant), word}


# -- Changes over a period


@pytest.mark.parametrize("away", ["archived", "not counted"])
def test_who_left_and_came_back_changes_nothing(
    clock: StoppedClock, viewer: Client, away: str
) -> None:
    clock.now = at(9)
    steady, vault = keyless("Steady", at(9)), keyless("Vault", at(9))
    for account in (steady, vault):
        seen(account, at(9), BTC=coins(500))
    clock.now = at(12, day=3)
    if away == "archived":
        pausing.archive(vault, by=None)
        clock.now = at(13, day=3)
        pausing.restore(vault, by=None)
        seen(vault, at(13, day=3), BTC=coins(500))
    else:
        ownership.count(vault, counted=False, by=None)
        clock.now = at(13, day=3)
        ownership.count(vault, counted=True, by=None)
    clock.now = at(8, day=4)
    page = shown(viewer, "overview")
    assert "No change in 24 h" in page.text
    cells = shown(viewer, "overview-changes").text.split()
    assert cells[:2] == ["no", "change"]


# -- How fresh the past was


@pytest.mark.parametrize("reason", ["key_rejected", "permission"])
def test_a_key_that_is_asked_about_hourly_makes_no_figure_fresher(
    clock: StoppedClock, reason: str
) -> None:
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(1))
    failed(vault, at(10, 5), Failure(reason, "", permanent=True))
    failed(vault, at(11, 5), Failure(reason, "", permanent=True))
    clock.now = at(11, 20)
    # Seen by a refresh that changes no grid, as it comes while the account stands still.
    refreshes.record_answer(refreshes.ask(vault, by=None), answer(BTC=coins(1)))
    for minute, word in ((8, "fresh"), (10, "fresh"), (11, "carried"), (50, "carried")):
        assert coverages(vault, at(10, minute)) == {word}, minute
    for minute, word in ((25, "fresh"), (30, "fresh"), (31, "carried"), (59, "carried")):
        assert coverages(vault, at(11, minute)) == {word}, minute


def test_between_a_slot_and_its_late_answer_an_account_was_seen_at_the_poll_before() -> None:
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(1))
    failed(vault, at(10, 5))
    late = at(10, 10) + timedelta(seconds=90)
    delivered(claimed(vault, at(10, 10)), answer(BTC=coins(1)), late)
    failed(vault, at(10, 15))  # the run is closed
    for instant in (at(10, 10), at(10, 11), late - TICK):
        assert observed(vault, instant) == at(10)
    assert observed(vault, late) == late
    assert coverages(vault, late - TICK) == {"carried"}
    assert coverages(vault, late) == {"fresh"}


def test_a_slot_counts_as_seen_once_its_answer_is_certainly_there_to_the_millisecond() -> None:
    vault = keyless("Vault", at(10))
    for minute in (0, 5, 10, 15):
        slot = at(10, minute)
        half = timedelta(milliseconds=500)
        delivered(claimed(vault, slot), answer(BTC=coins(1)), slot + half)
    soon = at(10, 5) + timedelta(milliseconds=200)
    assert observed(vault, soon) == at(10, 0) + timedelta(milliseconds=500)
    assert observed(vault, at(10, 10) + timedelta(milliseconds=499)) == at(10, 5)
    assert observed(vault, at(10, 10) + timedelta(milliseconds=500)) == at(10, 10)


# -- Assets with a total of zero


@odd
def test_a_statement_lists_what_is_only_on_its_way(
    cast: Cast, amounts: tuple[int, int, int, int, int]
) -> None:
    seen(keyless("Vault", at(10)), at(10), BTC=coins(1), ETH=amounts)
    told = statement(cast.viewer, at(10, 1), at(11))
    assert [one["asset"] for one in told["accounts"][0]["holdings"]] == ["BTC", "ETH"]
    assert [one["asset"] for one in told["totals"]] == ["BTC", "ETH"]
    names = ("total", "available", "pending_in", "pending_out")
    assert [told["totals"][1]["base_units"][n] for n in range(4)] == [str(a) for a in amounts[:4]]
    assert [told["totals"][1][name] for name in names] == [str(a) for a in amounts[:4]]
    assert told["totals"][1]["holders"] == 1


@odd
def test_a_file_of_changes_begins_with_what_is_only_on_its_way(
    clock: StoppedClock, viewer: Client, amounts: tuple[int, int, int, int, int]
) -> None:
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=amounts)
    clock.now = at(12)
    query = {"asset": "BTC", "range": "custom", "every": "change"}
    query |= {"from": "2026-03-02T11:00", "to": "2026-03-02T11:30"}
    for name, args in (("account-series-csv", [vault.uid]), ("series-csv", [])):
        text = viewer.get(reverse(name, args=args), query).getvalue().decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(text))
        found = [row[n] for n in ("total", "available", "pending_in", "pending_out")]
        assert found == [str(amount) for amount in amounts[:4]]


@odd
def test_a_file_of_a_new_owner_begins_with_what_came_only_on_its_way(
    cast: Cast, clock: StoppedClock, amounts: tuple[int, int, int, int, int]
) -> None:
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=amounts)
    clock.now = at(10, 7)
    ownership.transfer(vault, cast.other, by=None)
    clock.now = at(12)
    query = {"asset": "BTC", "range": "custom", "every": "change"}
    query |= {"from": "2026-03-02T10:00", "to": "2026-03-02T11:30"}
    answer = signed_in(cast.stranger).get(reverse("series-csv"), query)
    (row,) = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    found = [row[n] for n in ("total", "available", "pending_in", "pending_out")]
    assert found == [str(amount) for amount in amounts[:4]]


@odd
def test_what_was_only_on_its_way_and_vanished_is_recorded_as_the_verification_expects(
    amounts: tuple[int, int, int, int, int],
) -> None:
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(1), ETH=amounts)
    seen(vault, at(10, 5), BTC=coins(1))
    assert verify().findings == []
    assert position(vault, at(10, 6)).standings[1].level.is_nothing


# -- Sums


@pytest.mark.parametrize("table", ["hour", "day"])
@pytest.mark.parametrize("column", ["total", "available", "pending_in", "pending_out"])
def test_each_column_of_stored_sums_is_checked(table: str, column: str) -> None:
    seen(keyless("Vault", at(10)), at(10), BTC=(10, 4, 3, 2, 1))
    assert rollups.differences() == []
    with roles.owner():
        sql.count(f"UPDATE balances_rollup_{table} SET {column} = {column} + 1")  # noqa: S608
    (found,) = rollups.differences()
    assert found.table == f"balances_rollup_{table}"
    assert found.field.endswith(f"BTC {column}")


def test_a_level_is_carried_into_the_extremes_unless_a_change_came_at_once() -> None:
    """Two accounts, so that it is a sum; points are ends of hours."""
    first, second = keyless("First", at(10), 3_600), keyless("Second", at(10), 3_600)
    for account in (first, second):
        seen(account, at(10), BTC=coins(500))
    seen(first, at(11), BTC=coins(100))
    seen(second, at(11), BTC=coins(100))
    points = [at(11) - TICK, at(12) - TICK, at(13) - TICK]
    stays = tuple((one.pk, (LONG_AGO, None)) for one in (first, second))
    reached = sums.of_asset(Reach(stays=stays), "BTC", points, [(at(10), None)])
    found = [(r.level.total, r.low, r.high) for r in reached if r is not None]
    # At eleven sharp both fell: nothing of the hour between the points held the level before.
    assert found == [(1000, 1000, 1000), (200, 200, 200), (200, 200, 200)]


# -- Ends of ranges


def test_points_ascend_when_a_range_ends_on_the_last_instant_of_a_bucket() -> None:
    for end in (at(12) - TICK, at(12), at(12) + TICK, at(0, day=3) - TICK):
        for step in (None, buckets.CHOICES["hour"]):
            points = buckets.buckets(at(9), end, UTC, step).points
            assert list(points) == sorted(set(points)), (end, step)
            assert (points[0], points[-1]) == (at(9), end)


# -- Failing since


def test_a_failure_is_told_since_its_slot_not_since_it_was_written(
    clock: StoppedClock, viewer: Client
) -> None:
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(1))
    claim = claimed(vault, at(10, 5))
    late = at(10, 6, 12)
    delivered(claim, Failure("tls", "", permanent=True), late)
    clock.now = at(10, 7)
    today = bare_members(User(pk=0), Account.objects.filter(pk=vault.pk))[0].stand
    assert today.failing_since == at(10, 5)
    assert "Failed since 10:05 UTC" in shown(viewer, "account", vault).text
    then = shown(viewer, "account", vault, at="2026-03-02T10:06:30Z").text
    assert "Failed since 10:05 UTC" in then


def test_a_failure_at_the_very_instant_of_a_turn_is_the_new_owner_s(
    cast: Cast, clock: StoppedClock
) -> None:
    """The grid restarts at the turn: its first slot is the first instant of the new owner."""

    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(1))
    failed(vault, at(10, 5))
    clock.now = at(10, 7)
    ownership.transfer(vault, cast.other, by=None)
    turned_at = vault.tenures.get(ended_at=None).began_at
    failed(vault, turned_at)
    clock.now = at(10, 9)
    for instant in (turned_at, turned_at + TICK, at(10, 8)):
        (member,) = members_at(Scope(cast.stranger), instant)
        assert status_text.state_of(member.stand, instant).slug == "failed", instant
        assert member.stand.failing_since == turned_at
    (before,) = members_at(Scope(cast.viewer), turned_at - TICK)
    assert before.stand.failing_since == at(10, 5)


# -- A second look at what one test alone sees


def test_what_was_seen_ahead_of_the_clock_is_fresh_for_two_intervals_only(
    clock: StoppedClock, viewer: Client
) -> None:
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(1))
    clock.now = at(9, 50)
    assert "1 of 1 fresh" in shown(viewer, "overview").text
    clock.now = at(9, 50) - TICK
    assert "0 of 1 account is fresh" in shown(viewer, "overview").text


def test_who_joined_is_in_no_extreme_before(
    cast: Cast, clock: StoppedClock, viewer: Client
) -> None:
    moved = given_away("Moved", cast.other, clock)
    steady = keyless("Steady", at(10))
    seen(steady, at(10), BTC=coins(7))
    clock.now = at(10, 20)
    now = shown(viewer, "overview")
    assert now.amounts()[0] == "0.07"
    then = shown(viewer, "overview", at="2026-03-02T10:11:00Z")
    assert then.amounts()[0] == "1.57"
    out = io.StringIO()
    words: list[Any] = [str(moved.uid), "BTC", "--from", iso(at(10)), "--to", iso(at(10, 20))]
    call_command("history", *words, "--points", "5", stdout=out)
    assert [line.split()[2] for line in out.getvalue().splitlines()] == [
        "1.00", "1.00", "1.50", "2.00", "2.00",
    ]  # fmt: skip
