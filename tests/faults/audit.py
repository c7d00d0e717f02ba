"""The invariant as numbers: what was due by the grid, and what the tables say became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Self

from tests.faults.trial import Trial
from tests.processes.books import Books, Stretch, opened
from tests.support.servers.installation import INTERVAL, Installation, ended

_STEP = timedelta(seconds=INTERVAL)
#: Snapshots need this much time at worst: a thousand are verified in some seconds.
VERIFYING_SECONDS = 600


@dataclass(frozen=True)
class Tally:
    """Slots by what became of them; `torn` counts what was written in part."""

    due: int
    fresh: int
    failed: int
    missed: int
    twice: int
    lost: int
    torn: int

    def since(self, before: "Tally") -> Self:
        both = [(getattr(self, f.name), getattr(before, f.name)) for f in fields(self)]
        return type(self)(*(after - earlier for after, earlier in both))


def grid(installation: Installation) -> dict[int, datetime]:
    """Return the first slot of every account that was never polled."""
    return dict(installation.sql("SELECT account_id, next_slot FROM balances_schedule"))


def tally(books: Books, first: Mapping[int, datetime]) -> Tally:
    """Count; what is due follows from the grid alone, not from what was booked."""
    kinds = {kind: _slots(books, kind) for kind in ("fresh", "failed", "missed")}
    due = sum((books.following[account] - slot) // _STEP for account, slot in first.items())
    twice = len(books.doubled) + sum(_overlap(*pair) for pair in pairwise(books.tiled))
    lost = due - sum(kinds.values()) + twice
    return Tally(due, **kinds, twice=twice, lost=lost, torn=len(books.torn) + len(books.adrift))


def _slots(books: Books, kind: str) -> int:
    return sum(stretch.slots for stretch in books.tiled if stretch.kind == kind)


def _overlap(before: Stretch, after: Stretch) -> int:
    if before.account != after.account:
        return 0
    return max(0, (before.until - after.first) // _STEP)


def check(installation: Installation, first: Mapping[int, datetime], trial: Trial) -> Tally:
    """Audit a program that stands still: tables, requests and chains."""
    books = opened(installation)
    counted = tally(books, first)
    trial.must(counted.twice == 0, "a slot was counted twice")
    trial.must(counted.lost == 0, "a slot is unaccounted for")
    trial.must(counted.torn == 0, "a snapshot is torn")
    trial.must(not _seams(books.tiled), "runs do not tile an account's time")
    trial.must(_asked_enough(books, installation), "fresh without having asked")
    refreshes = sum(count for _, _, count in books.keys)
    polls = counted.fresh + counted.failed + refreshes
    trial.surplus = sum(installation.qredo.counts().values()) - polls
    verified = ended(installation.start("verify_history", "--json"), patience=VERIFYING_SECONDS)
    trial.must(verified.code == 0, f"chains do not verify: {verified.out or verified.err}")
    return counted


def _seams(tiled: Sequence[Stretch]) -> list[Any]:
    return [
        (before, after)
        for before, after in pairwise(tiled)
        if before.account == after.account and before.until != after.first
    ]


def _asked_enough(books: Books, installation: Installation) -> bool:
    counts = installation.qredo.counts()
    fresh = {account: refreshes for account, _, refreshes in books.keys}
    for stretch in books.tiled:
        if stretch.kind == "fresh":
            fresh[stretch.account] += stretch.slots
    return all(fresh[account] <= counts[key] for account, key, _ in books.keys)
