"""How far a statement's paths go: from what a figure rests on to the head that an anchor holds.

A text beyond the reader's own time would tell what the account held under somebody else, so a path
ends at that edge. It ends after `LONGEST` texts too; whoever needs more makes an anchor sooner.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from accounts.access.querysets import Span
from balances.evidence.statements.anchor import Anchor
from balances.evidence.statements.bases import Basis

#: Texts in one path; a day of polls that all differ, at the usual interval, is 288.
LONGEST = 1_000
#: What is in memory at once: texts, each counted as so many bytes, and answers.
TEXT_BYTES, AT_ONCE = 1_000, 4_000_000

Ends = Literal["anchor", "head", "edge", "cut", "none"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Numbers of a chain, both included, why it goes no further; `first` 0 is no path."""

    first: int
    last: int
    ends: Ends

    @property
    def length(self) -> int:
        """How many texts it has."""
        return self.last - self.first + 1 if self.first else 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is given of one account: stretches of its two chains, within the reader's time."""

    basis: Basis
    snapshots: Stretch
    runs: Stretch
    span: Span

    @property
    def weight(self) -> int:
        """About how many bytes it takes."""
        return self.basis.size + TEXT_BYTES * (self.snapshots.length + self.runs.length)


def plan(basis: Basis, uid: str, anchor: Anchor | None, span: Span) -> Plan:
    """Return how far an account's paths go."""
    head = anchor.heads.get(uid) if anchor else None
    anchored = (head.snapshots, head.runs) if head else (0, 0)
    return Plan(
        basis,
        # An unknown account's first snapshot, if it has one, shows that there was none before.
        _stretch(max(basis.snapshot, 1), anchored[0], basis.snapshots, beyond=1),
        _stretch(basis.run, anchored[1], basis.runs, beyond=0),
        span,
    )


def _stretch(first: int, anchored: int, head: int, *, beyond: int) -> Stretch:
    """Plan a path to the anchored head, but at least to the row `beyond` its first one."""
    if not 0 < first <= head:
        return Stretch(0, 0, "none")
    is_anchored = first <= anchored <= head
    last = max(anchored, min(first + beyond, head)) if is_anchored else head
    if last - first >= LONGEST:
        return Stretch(first, first + LONGEST - 1, "cut")
    return Stretch(first, last, "anchor" if is_anchored else "head")


def batches(plans: Sequence[Plan]) -> Iterator[list[Plan]]:
    """Yield plans that fit into memory together."""
    batch: list[Plan] = []
    weight = 0
    for one in plans:
        if batch and weight + one.weight > AT_ONCE:
            yield batch
            batch, weight = [], 0
        batch.append(one)
        weight += one.weight
    if batch:
        yield batch


def span_at(spans: Sequence[Span], at: datetime) -> Span:
    """Return the stretch of a reader's time that an instant lies in."""
    return next(
        (began, ended) for began, ended in spans if began <= at and (ended is None or at < ended)
    )
