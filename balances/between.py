"""How far an asset moved between two instants: in the accounts that were there all along.

What joins or leaves brings or takes its amount: neither gain nor loss, so it is named instead.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from accounts.access import Span
from balances.amounts import Amount, Level
from balances.portfolio import Kind
from balances.scopes import Scope
from balances.then import NOTHING, held_at, labels

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
        steady = {pk for pk in before & there if _is_throughout(spans.get(pk, ()), start, end)}
        first_level, last_level = (
            one.levels(steady).get((kind, asset), NOTHING) for one in (first, last)
        )
        found.append(
            Between(
                change=last_level - first_level if steady else None,
                joined=labels(scope, end, there - steady),
                left=labels(scope, start, before - there),
            )
        )
    return found


def _is_throughout(spans: Iterable[Span], start: datetime, end: datetime) -> bool:
    return any(began <= start and (ended is None or end < ended) for began, ended in spans)


def names(labels: Sequence[str]) -> str:
    """Return labels in a sentence, the first few of them."""
    shown, rest = labels[:MOST_NAMES], len(labels) - MOST_NAMES
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
