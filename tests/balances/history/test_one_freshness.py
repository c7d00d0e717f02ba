"""Fresh means one thing: whatever is asked about an instant gives the same answer."""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from accounts.models import Account, User
from balances.core.instants import iso
from balances.evidence.statements.lines import Tally, lines, tenures_at
from balances.ledger import partitions
from balances.lifecycle import pausing
from balances.pages.as_of.instant import AsOf
from balances.pages.charts.subject import points_at, subject
from balances.pages.history import page as history_page
from balances.pages.query.list_query import Query
from balances.polling.pacing import circuit_breaker, retries
from balances.portfolio.members import Member, bare_members, counting, members_at
from balances.portfolio.movements import movements
from balances.portfolio.scope import Scope
from balances.portfolio.totals import added_up
from tests.balances.ledger.test_exactness import (
    FINEST,
    OWNERS,
    START,
    Both,
    Step,
    at_random,
    holds,
    steps,
)
from tests.conftest import Cast
from tests.support.evidence.naive import NaiveAccount
from tests.support.history import StoppedClock, at, coins, keyless, seen

TICK = timedelta(microseconds=1)
#: What each asker says of an account at an instant: whether its figures are fresh.
Answers = dict[str, bool]


@pytest.mark.django_db
def test_whatever_is_asked_says_the_same_of_an_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StoppedClock(monkeypatch, START)
    monkeypatch.setattr(retries, "jitter", lambda: 0.5)
    monkeypatch.setattr(
        circuit_breaker, "THRESHOLD", 1_000_000
    )  # who is claimed is tested elsewhere
    partitions.make_months([at(1), at(1) + timedelta(days=31), at(1) + timedelta(days=62)])

    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(holds, steps(with_other_intervals=True), at_random)
    def agree(pool: list[Any], history: list[Step], at_random: list[float]) -> None:
        with transaction.atomic():
            clock.now = START
            both = Both(clock, 2, pool)
            for step in history:
                both.do(step)
            for instant in _instants(both, at_random):
                _check(both, instant)
            _check_today(both)
            transaction.set_rollback(True)

    agree()


def _instants(both: Both, at_random: list[float]) -> list[datetime]:
    edges = [both.clock.now]
    for naive in both.naive:
        edges += [stay.began_at for stay in naive.stays[-2:]]
        for poll in naive.polls[:1] + naive.polls[-2:]:
            edges += [poll.observed_at, poll.observed_at + poll.fresh_for]
    span = both.clock.now - START
    found = {START + span * fraction for fraction in at_random}
    found |= {edge + shift for edge in edges for shift in (-TICK, 0 * TICK, TICK)}
    return sorted(instant for instant in found if instant >= START)


def _check(both: Both, instant: datetime) -> None:
    for account, naive in zip(both.accounts, both.naive, strict=True):
        told = dict(_by_commands(account, instant))
        reader = both.readers[naive.whose(instant).owner]
        told |= dict(_to_a_reader(account, reader, instant))
        truth = _is_fresh(naive, instant)
        assert told == dict.fromkeys(told, truth), (account.label, instant)
    for owner in OWNERS:
        _check_totals(both, owner, instant)


def _is_fresh(naive: NaiveAccount, instant: datetime) -> bool:
    known = naive.at(instant)
    return known is not None and known[0].is_fresh(instant)


def _by_commands(account: Account, instant: datetime) -> Iterator[tuple[str, bool]]:
    uid, text = str(account.uid), iso(instant)
    found = _command("balance_at", text, uid)
    yield "balance_at", all(line["coverage"] == "fresh" for line in found)
    if any(line["asset"] == "BTC" for line in found):
        (point,) = _command("history", uid, "BTC", f"--from={text}", f"--to={text}", "--points=1")
        yield "history", point["coverage"] == "fresh"


def _command(*words: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command(*words, "--json", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def _to_a_reader(account: Account, reader: User, instant: datetime) -> Iterator[tuple[str, bool]]:
    scope = Scope(reader, only=frozenset({account.pk}))
    (member,) = members_at(scope, instant)
    yield "page", member.is_fresh(instant)
    (chunk,) = lines(tenures_at(scope, instant), instant)
    yield "statement", chunk[0].coverage == "fresh"
    yield "file", _in_file(reader, account, instant)
    (point,) = points_at(subject(scope, "BTC", "production"), [instant])
    yield "chart", point.fresh == 1


def _in_file(reader: User, account: Account, instant: datetime) -> bool:
    query = Query.of({"at": iso(instant)})
    out = StringIO()
    csv.writer(out).writerows(
        history_page.csv_rows(reader, query, AsOf(instant, instant, is_past=True))
    )
    rows = csv.DictReader(StringIO(out.getvalue()))
    (covered,) = {row["coverage"] for row in rows if row["account"] == str(account.uid)}
    return covered == "fresh"


def _check_totals(both: Both, owner: str, instant: datetime) -> None:
    """Check how many accounts are fresh in a total: in a chart, and where its changes are told."""
    scope = Scope(both.readers[owner])
    truth = sum(
        _is_fresh(naive, instant)
        for naive in both.naive
        for stay in [naive.whose(instant)]
        if stay.owner == owner and stay.is_counted and not stay.is_archived
    )
    (point,) = points_at(subject(scope, "BTC", "production", is_total=True), [instant])
    assert point.fresh == truth
    held = [one for one in members_at(scope, instant) if not one.is_archived]
    on_screen = {
        (one.kind, one.asset): (one.level.at_scale(FINEST), one.covered)
        for one in added_up(counting(held), instant)
    }
    tally = Tally()
    for chunk in lines(tenures_at(scope, instant), instant):
        for line in chunk:
            tally.add(line)
    for total in tally.totals():
        level, covered = on_screen.pop((total.kind, total.asset))
        assert (total.level.at_scale(FINEST), total.accounts, total.fresh, total.partial) == (
            level, covered.expected, covered.fresh, covered.partial
        )  # fmt: skip
        assert (total.holders, total.fresh_holders) == (covered.holders, covered.fresh_holders)
    assert all(level.is_nothing for level, _ in on_screen.values())
    for movement in movements(scope, [instant], instant + TICK).values():
        assert movement.points[0].fresh == truth


def _check_today(both: Both) -> None:
    """Check the pages of now, which know schedules alone."""
    now, ids = both.clock.now, [account.pk for account in both.accounts]
    today = {
        one.account.pk: one
        for one in bare_members(both.readers["Fund"], Account.objects.filter(pk__in=ids))
    }
    for account, naive in zip(both.accounts, both.naive, strict=True):
        assert today[account.pk].is_fresh(now) == _is_fresh(naive, now), account.label


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10))


def _answers(account: Account, user: User, now: datetime) -> Mapping[str, bool]:
    today: Member = bare_members(user, Account.objects.filter(pk=account.pk))[0]
    told = dict(_by_commands(account, now)) | dict(_to_a_reader(account, user, now))
    return told | {"today": today.is_fresh(now)}


def test_a_longer_interval_makes_nothing_that_was_seen_before_fresher(
    cast: Cast, clock: StoppedClock
) -> None:
    account = keyless("Vault", at(10), 30)
    seen(account, at(10), BTC=coins(1))
    clock.now = at(10, 0, 40)
    pausing.change_interval(account, 3_600)
    clock.now = at(10, 1, 1)
    assert set(_answers(account, cast.viewer, clock.now).values()) == {False}


def test_a_shorter_interval_ends_what_the_longer_one_left_fresh(
    cast: Cast, clock: StoppedClock
) -> None:
    account = keyless("Vault", at(10), 3_600)
    seen(account, at(10), BTC=coins(1))
    clock.now = at(10, 10)
    pausing.change_interval(account, 30)
    seen(account, at(10, 10), BTC=coins(1))
    clock.now = at(10, 11)
    assert set(_answers(account, cast.viewer, clock.now).values()) == {True}
    clock.now = at(10, 11) + TICK
    assert set(_answers(account, cast.viewer, clock.now).values()) == {False}


def test_what_is_archived_is_as_fresh_as_its_last_poll_to_everyone_asked(
    cast: Cast, clock: StoppedClock
) -> None:
    account = keyless("Vault", at(9), 3_600)
    seen(account, at(9), BTC=coins(1))
    clock.now = at(9, 59)
    pausing.change_interval(account, 30)
    seen(account, at(9, 59), BTC=coins(1))
    clock.now = at(9, 59) + timedelta(seconds=94)
    pausing.archive(account, by=None)
    assert set(_answers(account, cast.viewer, clock.now).values()) == {False}
