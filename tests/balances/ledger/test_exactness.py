"""Random histories: the store, which keeps only what changed, agrees with one that keeps all."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import offers, sharing
from accounts.access.querysets import Span
from accounts.models import Account, Membership, Organization, Role, Tenure, User
from balances.core import sql
from balances.core.amounts import Level
from balances.evidence.verification.verify import verify
from balances.history import positions
from balances.ledger import partitions, rollups, schedules
from balances.lifecycle import ownership, pausing
from balances.lifecycle.ownership import BadTurnError
from balances.models import Run
from balances.polling import claims, recording, refreshes
from balances.polling.claims import Claim
from balances.polling.pacing import circuit_breaker, retries
from balances.polling.results import Failure, Result
from balances.portfolio.scope import Scope
from balances.series.points import series
from tests.support import props
from tests.support.evidence.moved import check_moves
from tests.support.evidence.naive import TICK, NaiveAccount, Slot, Stay
from tests.support.history import StoppedClock, always_of, answer, assert_tiled, at, keyless
from tests.support.scoped import check_one, check_scope, check_shared

INTERVAL = 60
ASSETS = ("BTC", "ETH", "SOL")
#: Two organizations, and a person who may share what is hers.
OWNERS = ("Fund", "Other", "Person")
START = at(23, 50, day=1)
FINEST = 10**30
ZERO = Fraction(0)

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
    *("transfer", "transfer", "count", "turn_back"),
    *("share", "share", "share", "unshare"),
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
    """Draw a history, of one interval or of several."""
    actions = st.sampled_from(
        [*ACTIONS, *(["reschedule", "rejected"] if with_other_intervals else [])]
    )
    step = st.builds(Step, waits, actions, st.integers(0, 2), st.integers(0, 3))
    return st.lists(step, min_size=10, max_size=40)


class Both:
    """Does everything twice: in the real store and in the naive one."""

    def __init__(self, clock: StoppedClock, count: int, pool: Sequence[dict[str, Level]]) -> None:
        self.clock, self.pool = clock, pool
        # An odd grid, so that slots lie on no full minute.
        first = [START + timedelta(seconds=7 * n) for n in range(count)]
        self.accounts = [keyless(f"Account {n}", slot, INTERVAL) for n, slot in enumerate(first)]
        self.naive = [NaiveAccount(slot, timedelta(seconds=INTERVAL)) for slot in first]
        self.person, self.friend = props.person("person"), props.person("friend")
        self.owners: dict[str, Organization | User] = {
            name: Organization.objects.get_or_create(name=name)[0] for name in OWNERS[:2]
        } | {"Person": self.person}
        self.readers = {name: _reader_of(owner) for name, owner in self.owners.items()}
        #: How far the sharing of an account has come: offered, accepted, counted.
        self.shares: dict[int, str] = {}
        for number, naive in enumerate(self.naive):
            naive.stays.append(Stay(props.LONG_AGO, ("Fund", "Person")[number % 2]))
        for number in range(1, count, 2):
            always_of(self.person, self.accounts[number])
            props.shared(self.accounts[number], self.friend)
            self.shares[number] = "accepted"
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
            failed = isinstance(outcome, Failure)
            self.naive[number].attempted(self.clock.now, failed=failed)

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
        refresh = refreshes.ask(self.accounts[number], by=None)
        claim = claims.claim_refresh(refresh.account_id, refresh.pk, hold=timedelta(seconds=60))
        naive = self.naive[number]
        assert (claim is None) == (naive.claimed is not None or naive.next_slot is None)
        if claim is None:
            return False
        result = Result(claim.account_id, claim.token, outcome)  # type: ignore[arg-type]
        if not recording.record([result]):
            return False
        naive.attempted(self.clock.now, failed=isinstance(outcome, Failure))
        return True

    def pause(self, number: int, _: dict[str, Level]) -> None:
        pausing.pause(self.accounts[number], by=None)
        self.naive[number].pause(self.clock.now)

    def archive(self, number: int, _: dict[str, Level]) -> None:
        pausing.archive(self.accounts[number], by=None)
        self.naive[number].archive(self.clock.now)

    def resume(self, number: int, _: dict[str, Level]) -> None:
        if not pausing.resume(self.accounts[number], by=None):
            pausing.restore(self.accounts[number], by=None)
        self.naive[number].resume(self.clock.now)

    def transfer(self, number: int, _: dict[str, Level]) -> None:
        name = _other(self.naive[number].stays[-1].owner)
        ownership.transfer(self.accounts[number], self.owners[name], by=None)
        self.naive[number].turn(self.clock.now, owner=name)
        self.shares.pop(number, None)

    def count(self, number: int, _: dict[str, Level]) -> None:
        counted = not self.naive[number].stays[-1].is_counted
        ownership.count(self.accounts[number], counted=counted, by=None)
        self.naive[number].turn(self.clock.now, is_counted=counted)

    def turn_back(self, number: int, held: dict[str, Level]) -> None:
        """Turn as of the instant of an observation, a little before it, or ten minutes ago."""
        naive = self.naive[number]
        seen = [poll.observed_at for poll in naive.polls[-2:-1]]
        instant = [*seen, self.clock.now - timedelta(minutes=10)][0] - len(held) % 2 * TICK
        name = _other(naive.whose(instant).owner)
        try:
            ownership.transfer(self.accounts[number], self.owners[name], by=None, at=instant)
        except BadTurnError:
            return
        before = list(naive.stays)
        naive.turn_back(instant, self.clock.now, owner=name)
        if naive.stays != before:
            self.shares.pop(number, None)

    def share(self, number: int, _: dict[str, Level]) -> None:
        """Go one step further: offer an account to the friend, accept it, count it, leave it."""
        account = self.accounts[number]
        if self.naive[number].stays[-1].owner != "Person":
            return
        account.refresh_from_db()
        come = self.shares.pop(number, "")
        if come == "":
            sharing.offer(account, self.friend.email, by=self.person)
            self.shares[number] = "offered"
        elif come == "offered":
            offers.accept(self._offer(account), by=self.friend)
            self.shares[number] = "accepted"
        elif come == "accepted":
            offers.count(account.uid, counted=True, by=self.friend)
            self.shares[number] = "counted"
        else:
            offers.leave(account.uid, by=self.friend)

    def unshare(self, number: int, held: dict[str, Level]) -> None:
        """Take a share back, or decline it, or count it no more."""
        account, come = self.accounts[number], self.shares.pop(number, "")
        if come == "counted" and len(held) % 2:
            offers.count(account.uid, counted=False, by=self.friend)
            self.shares[number] = "accepted"
        elif come == "offered" and len(held) % 2:
            offers.decline(self._offer(account), by=self.friend)
        elif come:
            assert sharing.stop(account, self.friend.email, by=self.person)

    def _offer(self, account: Account) -> UUID:
        return offers.offered(self.friend).get(account=account).uid

    def reschedule(self, number: int, held: dict[str, Level]) -> None:
        seconds = (60, 15, 7_000)[len(held) % 3]
        pausing.change_interval(self.accounts[number], seconds)
        self.naive[number].reschedule(self.clock.now, timedelta(seconds=seconds))


def _reader_of(owner: Organization | User) -> User:
    if isinstance(owner, User):
        return owner
    reader = User.objects.create(email=f"{owner.name}@example.com")
    Membership.objects.create(organization=owner, user=reader, role=Role.VIEWER)
    return reader


def _other(name: str) -> str:
    return OWNERS[OWNERS.index(name) - 1]


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
    monkeypatch.setattr(retries, "jitter", lambda: 0.5)
    monkeypatch.setattr(
        circuit_breaker, "THRESHOLD", 1_000_000
    )  # who is claimed is tested elsewhere
    # Made once, so that no example has to make them.
    partitions.make_months([at(1), at(1) + timedelta(days=31), at(1) + timedelta(days=62)])

    @settings(
        max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
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
    for owner in OWNERS:
        _check_sums(both, owner, instants)
        _check_scope(both, owner, instants)
    _check_shared(both, instants)
    assert rollups.differences() == []
    assert verify().findings == []


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
    open_run = schedules.lock([account.pk])[account.pk].run
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
    (position,) = positions.positions([account.pk], instant)
    truth = naive.at(instant)
    if truth is None:
        assert (position.sight, position.standings) == (None, ())
        return
    newest, levels = truth
    assert {s.asset: s.level for s in position.standings} == levels
    assert position.sight is not None
    assert position.sight.observed_at <= newest.observed_at
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
            assert (point.expected, point.unknown) == (len(naive), len(naive) - len(truths))
            assert point.fresh == sum(poll.is_fresh(point.at) for poll, _ in truths)


def _check_sums(both: Both, owner: str, instants: list[datetime]) -> None:
    """Check an owner's sums: of every instant by series, of every hour's end by roll-ups."""
    ids = [account.pk for account in both.accounts]
    tenures = Tenure.objects.filter(**_is_of(both.owners[owner]), is_counted=True)
    spans: dict[int, list[Span]] = {i: [] for i in ids}
    for tenure in tenures.filter(is_archived=False).order_by("began_at"):
        spans[tenure.account_id].append((tenure.began_at, tenure.ended_at))
    sums = _sums_of(both.owners[owner])
    for asset in ASSETS:
        for point in series(ids, asset, instants, spans):
            total = _naive_sum(both.naive, owner, asset, point.at)
            assert (point.level and point.level.at_scale(FINEST)) == total
        for hour in _hours(instants):
            total = _naive_sum(both.naive, owner, asset, hour - TICK)
            found = sum((total for name, at, total in sums if name == asset and at < hour), ZERO)
            assert found * FINEST == (total.total if total else 0)


def _check_scope(both: Both, owner: str, instants: list[datetime]) -> None:
    """Check what a member of the owner is shown: totals, and the first account by itself."""
    reader = both.readers[owner]
    naive = {account.pk: n for account, n in zip(both.accounts, both.naive, strict=True)}
    check_scope(reader, naive, owner, ASSETS[0], instants)
    check_one(reader, naive, owner, ASSETS[0], instants)
    every = list(zip(both.accounts, both.naive, strict=True))
    middle = len(instants) // 2
    check_moves(reader, every, owner, instants[:middle:3], instants[middle])
    check_moves(reader, every, owner, [instants[0], instants[middle]], instants[-1])


def _is_of(owner: Organization | User) -> dict[str, Any]:
    return {"owner" if isinstance(owner, User) else "organization": owner}


def _check_shared(both: Both, instants: list[datetime]) -> None:
    """Check what the friend sees: what was accepted, and totals of what they count."""
    naive = dict(enumerate(both.naive))
    read = {n for n, come in both.shares.items() if come in {"accepted", "counted"}}
    counted = {both.accounts[n].pk: naive[n] for n in read if both.shares[n] == "counted"}
    scope = Scope(both.friend)
    for instant in (instants[0], instants[len(instants) // 2], instants[-1]):
        theirs = {n for n in read if naive[n].whose(instant).owner == "Person"}
        assert set(scope.ids_at(instant)) == {both.accounts[n].pk for n in theirs}
    check_shared(both.friend, counted, "Person", ASSETS[0], instants)


def _naive_sum(
    naive: Sequence[NaiveAccount], owner: str, asset: str, instant: datetime
) -> Level | None:
    truths = [one.at(instant) for one in naive if _counts(one.whose(instant), owner)]
    known = [levels for _, levels in filter(None, truths)]
    held = [levels[asset].at_scale(FINEST) for levels in known if asset in levels]
    return sum(held, Level(0, 0, 0, 0, FINEST)) if known else None


def _counts(stay: Stay, owner: str) -> bool:
    return stay.owner == owner and stay.is_counted and not stay.is_archived


def _hours(instants: list[datetime]) -> list[datetime]:
    """Return the full hours next to the first, a middle and the last instant."""
    picked = (instants[0], instants[len(instants) // 2], instants[-1])
    return [at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) for at in picked]


def _sums_of(owner: Organization | User) -> list[tuple[str, datetime, Fraction]]:
    """Return the roll-ups of an owner: asset, hour, delta of the total."""
    column = "owner_id" if isinstance(owner, User) else "organization_id"
    found = sql.rows(
        f"SELECT asset, at, total FROM balances_rollup_hour WHERE {column} = %s",  # noqa: S608
        [owner.pk],
    )
    return [(asset, at, Fraction(total)) for asset, at, total in found]
