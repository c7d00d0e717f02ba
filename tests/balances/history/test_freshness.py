"""Coverage of long stretches of time: the same as from reading every run, over random histories."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from accounts.models import Account
from balances.core import sql
from balances.core.intervals import counts
from balances.history import freshness
from balances.history.freshness import fresh_stretches
from balances.lifecycle import pausing
from balances.models import Run, Schedule
from balances.polling import claims, recording
from balances.polling.results import Failure, Result
from tests.support.history import StoppedClock, answer, at, coins, keyless

TICK = timedelta(microseconds=1)
HOURS = (1, 2, 3, 6, 12)
DAYS = 9


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(0))


def lived(clock: StoppedClock, chance: random.Random, label: str) -> Account:
    """Return an account with days of polls, a few of which are late, fail or stand still."""
    account = keyless(label, at(0, chance.randrange(60)), 3600 * chance.choice(HOURS))
    while clock.now < at(0) + timedelta(days=DAYS):
        schedule = Schedule.objects.get(account=account)
        if schedule.next_slot is None:
            clock.now += timedelta(hours=chance.randrange(30))
            pausing.resume(account, by=None)
            continue
        clock.now = max(clock.now, schedule.next_slot)
        _polled(account, clock, chance)
        _disturbed(account, clock, chance)
    return account


def _polled(account: Account, clock: StoppedClock, chance: random.Random) -> None:
    for claim in claims.claim_due(limit=1, now=clock.now, only=[account.pk]):
        late = chance.choice([0, 0, 0, 5, 14, 15, 16, 100])
        clock.now += timedelta(seconds=late)
        outcome = Failure("tls", "") if chance.random() < 0.05 else answer(BTC=coins(1))
        recording.record([Result(claim.account_id, claim.token, outcome)], now=clock.now)


def _disturbed(account: Account, clock: StoppedClock, chance: random.Random) -> None:
    luck = chance.random()
    if luck < 0.03:
        clock.now += timedelta(hours=chance.choice([0, 1, 30]))
        pausing.pause(account, by=None)
    elif luck < 0.06:
        pausing.change_interval(account, 3600 * chance.choice(HOURS))
    elif luck < 0.09:
        clock.now += timedelta(hours=chance.randrange(40))


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_coverage_is_the_same_as_from_every_run(clock: StoppedClock, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    accounts = []
    for number in range(3):
        clock.now = at(0)
        accounts.append(lived(clock, chance, f"Account {number}"))
    ids = [account.pk for account in accounts]
    begin, end = at(0), at(0) + timedelta(days=DAYS)
    for start in (begin, begin + timedelta(days=5, hours=7)):
        truth, told = _plain(ids), fresh_stretches(ids, start, end)
        for i in ids:
            instants = [at for at in _instants(truth[i]) if start <= at <= end]
            instants.sort()
            polled = counts(truth[i], instants)
            assert counts(_with_last_instant(told[i]), instants) == [min(n, 1) for n in polled]


@pytest.mark.django_db
def test_whole_days_are_one_stretch(clock: StoppedClock) -> None:
    account = keyless("Steady", at(0), 6 * 3600)
    for day in range(2, 10):
        _a_day(account, clock, at(0, day=day))
    assert Run.objects.filter(account=account).count() == 7
    (whole,) = fresh_stretches([account.pk], at(0), at(0, day=10))[account.pk]
    assert whole == (at(0), at(18, day=9) + timedelta(hours=12))


@pytest.mark.django_db
def test_runs_that_break_a_stretch_are_found_by_their_index() -> None:
    # Only if the migration and the statement say the same of them.
    sql.count("SET LOCAL enable_seqscan = off")
    broken = f"SELECT FROM balances_run WHERE NOT {freshness.WHOLE_DAY}"
    plan = sql.rows(f"EXPLAIN {broken}")
    assert any("balances_run_break" in line for (line,) in plan)


@pytest.mark.django_db
def test_a_pause_between_two_whole_days_is_a_gap(clock: StoppedClock) -> None:
    account = keyless("Steady", at(0, 30), 6 * 3600)
    for day in (2, 3):
        _a_day(account, clock, at(0, 30, day=day))
    clock.now = at(0, 10, day=4)
    pausing.pause(account, by=None)
    clock.now = at(0, 5, day=8)
    pausing.resume(account, by=None)
    for day in (8, 9):
        _a_day(account, clock, at(0, 5, day=day))
    stretches = fresh_stretches([account.pk], at(0), at(0, day=12))[account.pk]
    assert stretches == [
        (at(0, 30), at(6, 30, day=4)),
        (at(0, 5, day=8), at(6, 5, day=10)),
    ]


def _a_day(account: Account, clock: StoppedClock, first: datetime) -> None:
    for hours in (0, 6, 12, 18):
        clock.now = first + timedelta(hours=hours)
        for claim in claims.claim_due(limit=1, now=clock.now, only=[account.pk]):
            result = Result(account.pk, claim.token, answer(BTC=coins(1)))
            recording.record([result], now=clock.now)


def _plain(ids: list[int]) -> dict[int, list[tuple[datetime, datetime]]]:
    """Return every run's own stretch, up to where the next one was observed first."""
    found: dict[int, list[tuple[datetime, datetime]]] = {i: [] for i in ids}
    for run in Run.objects.filter(account__in=ids, outcome="fresh"):
        assert run.first_observed is not None
        assert run.last_observed is not None
        until = run.last_observed + timedelta(seconds=2 * run.interval_seconds)
        found[run.account_id].append((run.first_observed, until + TICK))
    for s in Schedule.objects.filter(account__in=ids, run_outcome="fresh"):
        assert s.run_first_observed is not None
        assert s.run_last_observed is not None
        until = s.run_last_observed + timedelta(seconds=2 * s.interval_seconds)
        found[s.account_id].append((s.run_first_observed, until + TICK))
    return {i: list(_cut(sorted(stretches))) for i, stretches in found.items()}


def _cut(stretches: list[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    for number, (first, until) in enumerate(stretches, 1):
        following = [after for after, _ in stretches[number : number + 1]]
        yield first, min([until, *following])


def _with_last_instant(
    stretches: list[tuple[datetime, datetime]],
) -> Iterator[tuple[datetime, datetime]]:
    return ((first, until + TICK) for first, until in stretches)


def _instants(stretches: list[tuple[datetime, datetime]]) -> list[datetime]:
    edges = {edge for stretch in stretches for edge in stretch}
    return sorted(edge + shift for edge in edges for shift in (-TICK, 0 * TICK, TICK))
