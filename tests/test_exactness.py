"""Random histories: the store, which keeps only what changed, agrees with one that keeps all."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from balances import (
    as_of,
    breaker,
    claims,
    holdings,
    ledger,
    recording,
    refreshing,
    retrying,
    scheduling,
)
from balances.amounts import Level
from balances.claims import Claim
from balances.models import Run
from balances.results import Failure, Result
from balances.series import series
from tests.history import StoppedClock, answer, assert_tiled, at, keyless
from tests.naive import TICK, NaiveAccount, Slot

INTERVAL = 60
ASSETS = ("BTC", "ETH", "SOL")
START = at(23, 50, day=1)
FINEST = 10**30

amounts = st.one_of(st.integers(0, 3), st.integers(0, 10**24), st.just(2**256))
levels = st.builds(
    Level, amounts, amounts, amounts, amounts, st.sampled_from([1, 100, 10**18, FINEST])
)
#: What accounts hold; few, so that polls are often the same as before.
holds = st.lists(st.dictionaries(st.sampled_from(ASSETS), levels), min_size=1, max_size=4)

ACTIONS = (
    *(
        "fresh",
        "fresh",
        "lately",
        "failed",
        "passes",
        "passes",
        "claim",
        "deliver",
        "reap",
        "give_back",
        "redeliver",
    ),
    *("refresh", "refresh", "refresh_fails", "pause", "resume", "archive"),
)


class Step(NamedTuple):
    """Wait, then do something to one account."""

    seconds: int
    action: str
    account: int
    held: int


waits = st.sampled_from([0, 0, 1, 2, 4, 7, 30, 47, 59, 60, 60, 61, 118, 130, 1_000, 90_000])
at_random = st.lists(st.floats(0, 1), max_size=3)


def steps(with_other_intervals: bool) -> st.SearchStrategy[list[Step]]:  # noqa: FBT001
    """Draw a history; most of freshness can only be checked while the interval stays."""
    actions = st.sampled_from(
        [*ACTIONS, *(["reschedule", "rejected"] if with_other_intervals else [])]
    )
    step = st.builds(Step, waits, actions, st.integers(0, 2), st.integers(0, 3))
    return st.lists(step, min_size=1, max_size=40)


class Both:
    """Does everything twice: in the real store and in the naive one."""

    def __init__(self, clock: StoppedClock, count: int, pool: Sequence[dict[str, Level]]) -> None:
        self.clock, self.pool = clock, pool
        # An odd grid, so that slots lie on no full minute.
        first = [START + timedelta(seconds=7 * n) for n in range(count)]
        self.accounts = [keyless(f"Account {n}", slot, INTERVAL) for n, slot in enumerate(first)]
        self.naive = [NaiveAccount(slot, timedelta(seconds=INTERVAL)) for slot in first]
        self.open: dict[int, Claim] = {}
        self.used: list[Result] = []

    def do(self, step: Step) -> None:
        """Wait, then do what the step says to one account."""
        self.clock.now += timedelta(seconds=step.seconds)
        number = step.account % len(self.accounts)
        held = self.pool[step.held % len(self.pool)]
        getattr(self, step.action)(number, held)

    def claim(self, number: int, _: dict[str, Level]) -> None:
        only = [self.accounts[number].pk]
        due = claims.claim_due(limit=10, now=self.clock.now, only=only)
        assert bool(due) == self.naive[number].claim(self.clock.now)
        if due:
            stale = self.open.pop(number, None)
            if stale is not None:
                self.used.append(Result(stale.account_id, stale.token, answer()))
            self.open[number] = due[0]

    def deliver(self, number: int, held: dict[str, Level]) -> None:
        self._end(number, _answer(held), lambda naive: naive.fresh(self.clock.now, held))

    def fresh(self, number: int, held: dict[str, Level]) -> None:
        self.claim(number, held)
        self.deliver(number, held)

    def lately(self, number: int, held: dict[str, Level]) -> None:
        """Let more than an interval pass between a slot and its observation, if one is due."""
        self.clock.now += timedelta(seconds=50)
        self.claim(number, held)
        self.clock.now += timedelta(seconds=40)
        self.deliver(number, held)

    def failed(self, number: int, held: dict[str, Level]) -> None:
        self.claim(number, held)
        reason = ("timeout", "tls")[len(held) % 2]
        self._end(number, Failure(reason, ""), lambda naive: naive.failed(reason))

    def rejected(self, number: int, held: dict[str, Level]) -> None:
        self.claim(number, held)
        self._end(number, Failure("key_rejected", ""), lambda naive: naive.rejected())

    def passes(self, number: int, held: dict[str, Level]) -> None:
        """Fail for a reason that may pass: the slot is tried again, if it has the time."""
        self.claim(number, held)
        reason = ("timeout", "reset")[len(held) % 2]
        outcome = Failure(reason, "", permanent=False)
        self._end(number, outcome, lambda naive: naive.failed_for_now(reason, self.clock.now))

    def _end(self, number: int, outcome: object, naively: object) -> None:
        if number not in self.open:
            return
        claim = self.open.pop(number)
        result = Result(claim.account_id, claim.token, outcome)  # type: ignore[arg-type]
        self.used.append(result)
        holds = self.naive[number].holds_claim(self.clock.now)
        # Without its claim (over, reaped, paused, rescheduled meanwhile) it comes too late.
        assert bool(recording.record([result])) == holds
        if holds:
            naively(self.naive[number])  # type: ignore[operator]

    def redeliver(self, number: int, _: dict[str, Level]) -> None:
        assert recording.record(self.used[number::2]) == []

    def reap(self, _: int, __: dict[str, Level]) -> None:
        claims.reap(self.clock.now)
        for naive in self.naive:
            naive.reap(self.clock.now)

    def give_back(self, number: int, _: dict[str, Level]) -> None:
        if number in self.open:
            claims.give_back([self.open.pop(number)])
            if self.naive[number].claimed is not None:
                self.naive[number].give_back()

    def refresh(self, number: int, held: dict[str, Level]) -> None:
        if self._refreshed(number, _answer(held)):
            self.naive[number].refreshed(self.clock.now, held)

    def refresh_fails(self, number: int, _: dict[str, Level]) -> None:
        self._refreshed(number, Failure("timeout", ""))

    def _refreshed(self, number: int, outcome: object) -> bool:
        refresh = refreshing.ask(self.accounts[number], by=None)
        claim = claims.claim_refresh(refresh.account_id, refresh.pk, hold=timedelta(seconds=60))
        naive = self.naive[number]
        assert (claim is None) == (naive.claimed is not None or naive.next_slot is None)
        if claim is None:
            return False
        result = Result(claim.account_id, claim.token, outcome)  # type: ignore[arg-type]
        return len(recording.record([result])) == 1

    def pause(self, number: int, _: dict[str, Level]) -> None:
        scheduling.pause(self.accounts[number], by=None)
        self.naive[number].pause(self.clock.now)

    def archive(self, number: int, _: dict[str, Level]) -> None:
        scheduling.archive(self.accounts[number], by=None)
        self.naive[number].archive(self.clock.now)

    def resume(self, number: int, _: dict[str, Level]) -> None:
        scheduling.resume(self.accounts[number], by=None)
        self.naive[number].resume(self.clock.now)

    def reschedule(self, number: int, held: dict[str, Level]) -> None:
        seconds = (60, 15, 7_000)[len(held) % 3]
        scheduling.change_interval(self.accounts[number], seconds)
        self.naive[number].reschedule(self.clock.now, timedelta(seconds=seconds))


def _answer(held: dict[str, Level]) -> object:
    return answer(
        **{
            asset: (x.total, x.available, x.pending_in, x.pending_out, x.scale)
            for asset, x in held.items()
        }
    )


@pytest.mark.django_db
def test_the_ledger_agrees_with_one_that_keeps_every_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StoppedClock(monkeypatch, START)
    monkeypatch.setattr(retrying, "jitter", lambda: 0.5)
    monkeypatch.setattr(breaker, "THRESHOLD", 1_000_000)  # who is claimed is tested elsewhere
    # Made once, so that no example has to make them.
    holdings.make_months([at(1), at(1) + timedelta(days=31), at(1) + timedelta(days=62)])

    @settings(
        max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.integers(1, 3), holds, st.booleans().flatmap(steps), at_random)
    def agrees(
        count: int, pool: list[dict[str, Level]], steps: list[Step], at_random: list[float]
    ) -> None:
        with transaction.atomic():
            clock.now = START
            both = Both(clock, count, pool)
            for step in steps:
                both.do(step)
            _check(both, at_random)
            transaction.set_rollback(True)

    agrees()


def _check(both: Both, at_random: Sequence[float]) -> None:
    instants = _instants(both, at_random)
    for number, account in enumerate(both.accounts):
        assert_tiled(account)
        assert _slots(account) == both.naive[number].slots
        for instant in instants:
            _check_position(account, both.naive[number], instant)
        _check_series(both, [number], instants)
    _check_series(both, list(range(len(both.accounts))), instants)


def _instants(both: Both, at_random: Sequence[float]) -> list[datetime]:
    """Return the instants that matter, with their neighbours, and some others."""
    edges = [START, both.clock.now]
    for naive in both.naive:
        for poll in naive.polls[:2] + naive.polls[-3:]:
            edges += [poll.observed_at, poll.observed_at + poll.fresh_for]
    span = both.clock.now + timedelta(hours=1) - START
    found = {START + span * fraction for fraction in at_random}
    return sorted(found | {edge + shift for edge in edges for shift in (-TICK, 0 * TICK, TICK)})


def _slots(account: Account) -> list[Slot]:
    """Return every slot of an account's runs, one by one."""
    open_run = ledger.lock([account.pk])[account.pk].run
    closed = Run.objects.filter(account=account).order_by("first_slot")
    runs = [(r.first_slot, r.interval_seconds, r.slots, r.outcome, r.reason) for r in closed]
    if open_run is not None:
        r = open_run
        runs.append((r.first, r.interval_seconds, r.slots, r.outcome, r.reason))
    return [
        Slot(first + n * timedelta(seconds=interval), outcome, reason)
        for first, interval, slots, outcome, reason in runs
        for n in range(slots)
    ]


def _check_position(account: Account, naive: NaiveAccount, instant: datetime) -> None:
    (position,) = as_of.positions([account.pk], instant)
    truth = naive.at(instant)
    if truth is None:
        assert (position.sight, position.standings) == (None, ())
        return
    newest, levels = truth
    assert {s.asset: s.level for s in position.standings} == levels
    assert position.sight is not None
    assert position.sight.observed_at <= newest.observed_at
    if not naive.is_rescheduled:
        assert position.sight.is_fresh(instant) == newest.is_fresh(instant)
    if newest == naive.polls[-1]:
        assert position.sight.observed_at == newest.observed_at


def _check_series(both: Both, numbers: list[int], instants: list[datetime]) -> None:
    ids = [both.accounts[number].pk for number in numbers]
    naive = [both.naive[number] for number in numbers]
    for asset in ASSETS:
        for point in series(ids, asset, instants):
            truths = [found for one in naive if (found := one.at(point.at)) is not None]
            held = [levels[asset] for _, levels in truths if asset in levels]
            total = sum((level.at_scale(FINEST) for level in held), Level(0, 0, 0, 0, FINEST))
            assert (point.level and point.level.at_scale(FINEST)) == (total if truths else None)
            assert point.expected == len(truths)
            if not any(one.is_rescheduled for one in naive):
                assert point.fresh == sum(poll.is_fresh(point.at) for poll, _ in truths)
