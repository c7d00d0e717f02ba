"""How far an asset moved between two instants: in the accounts that were there all along.

What joins or leaves brings or takes its amount: neither gain nor loss, so it is named instead.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from accounts.access import Span
from balances.amounts import Amount, Level
from balances.portfolio import Kind
from balances.scopes import Scope
from balances.then import NOTHING, Levels, Then, held_at, labels

#: So many names are written out.
MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Between:
    """The change of those who stayed, and the labels of those who joined or left."""

    change: Level | None  # unknown, if nobody was there all along and known at both instants
    joined: tuple[str, ...]
    left: tuple[str, ...]

    @property
    def direction(self) -> Literal["up", "down", "same", "unknown"]:
        """Which way the total went."""
        if self.change is None:
            return "unknown"
        total = self.change.total
        return "same" if total == 0 else "up" if total > 0 else "down"

    @property
    def amount(self) -> Amount | None:
        """How far the total went, whichever way."""
        if self.change is None:
            return None
        return Amount.of(abs(self.change.total), self.change.scale)

    @property
    def note(self) -> str:
        """Who is not in the change, in words."""
        told = (
            f"without {names(self.joined)}, joined since" if self.joined else "",
            f"without {names(self.left)}, left since" if self.left else "",
        )
        return "; ".join(filter(None, told))


def between(
    scope: Scope, asset: str, kind: Kind, starts: Sequence[datetime], end: datetime
) -> list[Between]:
    """Return how far an asset in the totals of a scope moved from each of the starts to the end."""
    last = held_at(scope, end, in_totals=True, asset=asset)
    there, found = last.of_kind(asset, kind), []
    spans = scope.spans(in_totals=True)
    for start in starts:
        first = held_at(scope, start, in_totals=True, asset=asset)
        before = first.of_kind(asset, kind)
        steady = throughout(spans, before & there, start, end)
        moves = moved(first, last, steady)
        found.append(
            Between(
                change=None if moves is None else moves.get((kind, asset), NOTHING),
                joined=labels(scope, end, there - steady),
                left=labels(scope, start, before - there),
            )
        )
    return found


def throughout(
    spans: Mapping[int, Iterable[Span]], ids: Iterable[int], start: datetime, end: datetime
) -> set[int]:
    """Return those of the accounts that were there all along; `spans` says when each was."""
    return {pk for pk in ids if _is_one_of(spans.get(pk, ()), start, end)}


def _is_one_of(spans: Iterable[Span], start: datetime, end: datetime) -> bool:
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
