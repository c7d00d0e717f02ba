"""How far figures moved and the course they took, as tables show it: already formatted."""

from dataclasses import dataclass

from balances.core.amounts import Amount
from balances.portfolio.change import Direction


@dataclass(frozen=True, slots=True)
class Change:
    """How far a figure has moved over a named period, or why that is not known."""

    period: str  # "24 h"
    amount: Amount | None  # with its sign
    direction: Direction
    note: str = ""  # who joined or left, which is neither gain nor loss
    share: str = ""  # "+1.42 %" of what it was; empty where that was nothing


@dataclass(frozen=True, slots=True)
class Sparkline:
    """The course of a total, drawn: paths in pixels, and what they show in words."""

    observed: str
    carried: str  # where not every account was fresh
    words: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The cells of a row that say how it moved; without changes they are still to come."""

    of: str = ""  # the total that they belong to, exactly
    changes: tuple[Change, ...] = ()
    sparkline: Sparkline | None = None
    has_course: bool = True


#: What a page shows of a row until its changes have come.
TO_COME = Moved()


@dataclass(frozen=True, slots=True)
class MovedRow:
    """The cells of one row of a table of assets, by the row's key."""

    key: str
    moved: Moved
