"""How far an asset moved between two instants: in the accounts that were there all along.

What joins or leaves brings or takes its amount: neither gain nor loss, so it is named instead. Who
brings and takes none of the asset is not.
"""

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from accounts.access.querysets import Span
from balances.core.amounts import Amount, Level
from balances.core.intervals import Spans
from balances.core.percent import growth
from balances.portfolio.levels_at import NOTHING, Levels, Then, held_together, holding, labels
from balances.portfolio.scope import Scope

Direction = Literal["up", "down", "same", "unknown"]

#: What changes are told over: in words, and how long.
PERIODS = (
    ("24 h", timedelta(hours=24)),
    ("7 d", timedelta(days=7)),
    ("30 d", timedelta(days=30)),
)
#: So many names are written out.
MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Between:
    """The change of those who stayed, and the labels of those who joined or left."""

    change: Level | None  # unknown, if nobody was there all along and known at both instants
    joined: tuple[str, ...]
    left: tuple[str, ...]
    before: Level | None = None  # what those who stayed held at the beginning

    @property
    def direction(self) -> Direction:
        """Which way the total went."""
        if self.change is None:
            return "unknown"
        total = self.change.total
        return "same" if total == 0 else "up" if total > 0 else "down"

    @property
    def amount(self) -> Amount | None:
        """How far the total went, with its sign."""
        if self.change is None:
            return None
        return Amount.signed(self.change.total, self.change.scale)

    @property
    def share(self) -> str:
        """How much the change is of what was there before; empty where nothing is or was."""
        if not self.change or not self.before or self.direction == "same":
            return ""
        scale = max(self.change.scale, self.before.scale)
        return growth(self.change.at_scale(scale).total, self.before.at_scale(scale).total)

    @property
    def note(self) -> str:
        """Who is not in the change, in words."""
        told = (
            f"without {names(self.joined)}, joined since" if self.joined else "",
            f"without {names(self.left)}, left since" if self.left else "",
        )
        return "; ".join(filter(None, told))


@dataclass(frozen=True, slots=True)
class Attendance:
    """Which accounts were in a sum from one instant to another, and which at either end alone."""

    steady: frozenset[int]
    arrived: frozenset[int]  # there at the end, not all along
    gone: frozenset[int]  # there at the beginning, not all along

    @property
    def left(self) -> frozenset[int]:
        """Those who are there no more at the end."""
        return self.gone - self.arrived

    @classmethod
    def of(
        cls,
        before: AbstractSet[int],
        there: AbstractSet[int],
        spans: Spans,
        start: datetime,
        end: datetime,
    ) -> "Attendance":
        """Tell apart who is known at either end; `spans` say when they are in the sum."""
        steady = throughout(spans, before & there, start, end)
        return cls(frozenset(steady), frozenset(there - steady), frozenset(before - steady))


def between(
    scope: Scope, known: Spans, asset: str, starts: Sequence[datetime], end: datetime
) -> list[Between]:
    """Return how far an asset in the totals of a scope moved from each of the starts to the end.

    `known` says when each account in which it is that kind of money was in them, and known.
    """
    there = there_at(known, end)
    attended = (Attendance.of(there_at(known, one), there, known, one, end) for one in starts)
    return [
        _between(scope, asset, who, start, end) for who, start in zip(attended, starts, strict=True)
    ]


def _between(scope: Scope, asset: str, who: Attendance, start: datetime, end: datetime) -> Between:
    first, last = held_together(who.steady, asset, (start, end))
    return Between(
        change=last - first if who.steady else None,
        joined=labels(scope, end, holding(who.arrived, asset, end)),
        left=labels(scope, start, holding(who.left, asset, start)),
        before=first if who.steady else None,
    )


def there_at(known: Spans, at: datetime) -> set[int]:
    """Return the accounts that are there and known at an instant."""
    return {
        pk
        for pk, spans in known.items()
        if any(began <= at and (ended is None or at < ended) for began, ended in spans)
    }


def throughout(spans: Spans, ids: Iterable[int], start: datetime, end: datetime) -> set[int]:
    """Return those of the accounts that were there all along; `spans` says when each was."""
    return {pk for pk in ids if is_throughout(spans.get(pk, ()), start, end)}


def is_throughout(spans: Iterable[Span], start: datetime, end: datetime) -> bool:
    """Whether one of the stretches reaches from before an instant to after another."""
    return any(began <= start and (ended is None or end < ended) for began, ended in spans)


def moved(before: Then, after: Then, steady: Collection[int]) -> Levels | None:
    """Return how far each asset moved in accounts that are known at both instants.

    Unknown, if there are none.
    """
    if not steady:
        return None
    start, end = before.levels(steady), after.levels(steady)
    return {
        one: end.get(one, NOTHING) - start.get(one, NOTHING) for one in start.keys() | end.keys()
    }


def names(labels: Sequence[str]) -> str:
    """Return labels in a sentence, the first few of them."""
    shown, rest = labels[:MOST_NAMES], len(labels) - MOST_NAMES
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
