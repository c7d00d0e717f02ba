"""One seeded account from its first slot to its last, a day at a time."""

import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from accounts.chain.hash_chain import Head
from balances.core.amounts import Level
from balances.demo.seed.outages import Stretch, parts
from balances.demo.seed.plan import Plan
from balances.demo.seed.wallets import Amounts, Coin, Purse, answer, coins
from balances.ledger.chain import Entry, SnapshotFacts, run_text, snapshot_text
from balances.ledger.runs import Run

#: How many assets a snapshot changes, each as often as it stands here.
_SIZES = (1, 2, 2, 3)
#: How long after its slot a poll observes: microseconds.
_SOONEST, _LATEST = 20_000, 3_000_000


@dataclass(frozen=True, slots=True)
class Member:
    """An account before it begins."""

    account_id: int
    uid: UUID
    number: int
    first_slot: datetime
    holding_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """One change: the amounts after it, and by how much they differ."""

    holding_id: int
    coin: Coin
    after: Amounts
    delta: Amounts


@dataclass(frozen=True, slots=True)
class Seen:
    """One snapshot with its changes and its bytes."""

    account_id: int
    slot: datetime
    observed_at: datetime
    body: bytes
    digest: bytes
    head: Head
    moved: Sequence[Moved]

    @property
    def at(self) -> datetime:
        """When it is written."""
        return self.observed_at


@dataclass(frozen=True, slots=True)
class Closed:
    """One closed run."""

    account_id: int
    run: Run
    until: datetime
    head: Head

    @property
    def at(self) -> datetime:
        """When it is written: as soon as the next run begins."""
        return self.until


class Life:
    """An account's state; `day` brings it forward."""

    def __init__(self, plan: Plan, member: Member) -> None:
        self.plan, self.member = plan, member
        self.next_slot = member.first_slot
        self.chance = Random(f"{plan.seed} {member.number}")  # noqa: S311 - repeatable on purpose
        self.purses = [
            Purse.filled(coin, holding_id, self.chance)
            for coin, holding_id in zip(coins(plan.assets), member.holding_ids, strict=True)
        ]
        self.changed_at = dict.fromkeys(member.holding_ids, member.first_slot)
        self.sizes = [min(size, plan.assets) for size in _SIZES]
        #: Changes that are due, in parts of a slot's share.
        self.owed = 0
        self.snapshots, self.runs = Head(), Head()
        self.observed_at = member.first_slot
        self.digest = b""

    def day(self, until: datetime) -> Iterator[Seen | Closed]:
        """Poll every slot before `until`, all of one day in UTC; yield in the order of time."""
        slots = -((self.next_slot - until) // self.plan.step)
        if slots <= 0:
            return
        stretches = list(self._stretches(slots))
        changing = self._changing(stretches)
        for one in stretches:
            yield from self._stretch(one, changing, until)

    def _stretches(self, slots: int) -> Iterator[Stretch]:
        for many, outcome, reason in parts(slots, self.chance):
            yield Stretch(self.next_slot, many, outcome, reason)
            self.next_slot += self.plan.step * many

    def _changing(self, stretches: list[Stretch]) -> set[datetime]:
        """Choose the slots of the day that bring a change; the very first always does."""
        step = self.plan.step
        fresh = [
            one.first + step * n
            for one in stretches
            if one.outcome == "fresh"
            for n in range(one.slots)
        ]
        price = self.plan.slots_per_day * sum(self.sizes)
        self.owed += len(self.sizes) * self.plan.changes_per_day * len(fresh)
        many = min(self.owed // price, len(fresh))
        self.owed -= many * price
        begins = [] if self.snapshots.count else fresh[:1]
        return {*self.chance.sample(fresh, many), *begins}

    def _stretch(
        self, stretch: Stretch, changing: set[datetime], until: datetime
    ) -> Iterator[Seen | Closed]:
        last = stretch.first + self.plan.step * (stretch.slots - 1)
        run = Run(
            stretch.outcome, stretch.reason, stretch.first, last, self.plan.interval_seconds,
            stretch.slots,
        )  # fmt: skip
        if run.outcome == "fresh":
            run = yield from self._observed(run, changing)
        # Where polling ends for good the run covers no more.
        yield self._closed(run, min(run.until, until) if until == self.plan.until else run.until)

    def _closed(self, run: Run, until: datetime) -> Closed:
        uid = self.member.uid
        text = run_text(account=uid, number=self.runs.count + 1, run=run, until=until)
        self.runs = self.runs.link(text)
        return Closed(self.member.account_id, run, until, self.runs)

    def _observed(self, run: Run, changing: set[datetime]) -> Generator[Seen, None, Run]:
        here = sorted(slot for slot in changing if run.first <= slot <= run.last)
        instants = {
            slot: slot + timedelta(microseconds=self.chance.randrange(_SOONEST, _LATEST))
            for slot in sorted({run.first, *here, run.last})
        }
        for slot in here:
            yield self._snapshot(slot, instants[slot])
        self.observed_at = instants[run.last]
        late = max(instant - slot for slot, instant in instants.items())
        return Run(
            run.outcome, run.reason, run.first, run.last, run.interval_seconds, run.slots,
            instants[run.first], instants[run.last], -(-late // timedelta(milliseconds=1)),
        )  # fmt: skip

    def _snapshot(self, slot: datetime, observed_at: datetime) -> Seen:
        moved = self._moved() if self.snapshots.count else self._first()
        for one in moved:
            self.changed_at[one.holding_id] = observed_at
        body = answer(self.purses)
        self.digest = hashlib.sha256(body).digest()
        self.snapshots = self.snapshots.link(self._text(slot, observed_at, moved))
        return Seen(
            self.member.account_id, slot, observed_at, body, self.digest, self.snapshots, moved
        )

    def _first(self) -> list[Moved]:
        """Return what an account begins with: everything is new."""
        return [Moved(p.holding_id, p.coin, p.amounts, p.amounts) for p in self.purses]

    def _moved(self) -> list[Moved]:
        chosen = self.chance.sample(self.purses, self.chance.choice(self.sizes))
        found = []
        for purse in chosen:
            delta = purse.move(self.chance)
            found.append(Moved(purse.holding_id, purse.coin, purse.amounts, delta))
        return found

    def _text(self, slot: datetime, observed_at: datetime, moved: list[Moved]) -> str:
        changes = [Entry(one.coin.name, Level(*one.after, one.coin.scale)) for one in moved]
        number = self.snapshots.count + 1
        uid = self.member.uid
        facts = SnapshotFacts(uid, number, slot, observed_at, self.digest, (), changes)
        return snapshot_text(facts)
