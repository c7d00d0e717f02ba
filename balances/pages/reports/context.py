"""What the pages about statements show: text, ready to be shown and printed."""

from collections.abc import Mapping
from dataclasses import dataclass

from balances.pages.components.context import Moment, Select


@dataclass(frozen=True, slots=True)
class Cell:
    """An amount in full: exact to copy, grouped to read."""

    exact: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One asset with its four amounts; `notes` say what a reader should know about it."""

    asset: str
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums that may stand in one table: real money or testnet, never both."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The snapshot that an account's amounts are from."""

    number: int
    observed: str
    payload: str
    link: str


@dataclass(frozen=True, slots=True)
class Block:
    """One account."""

    label: str
    owner: str
    uid: str
    environment: str
    out: str  # why it is in no total; empty if it is
    coverage: str
    partial: str  # why its figures are not of everything; empty if they are
    is_demo: bool
    seen: str
    rows: tuple[Row, ...]
    snapshot: Snapshot | None


@dataclass(frozen=True, slots=True)
class StatementPage:
    """A statement, ready to be printed."""

    utc: str
    local: str
    day: str  # whose end the cut-off is in the zone; empty if it is of none
    zone: str
    twin: str  # the other instant at which the reader's clocks showed the same
    made: Moment
    made_by: str
    chosen: tuple[tuple[str, str], ...]
    is_young: bool
    totals: tuple[Totals, ...]
    coverage: Mapping[str, int]
    partial: int
    counted: int
    blocks: tuple[Block, ...]
    digest: str
    query: str


@dataclass(frozen=True, slots=True)
class Shortcut:
    """An end of a day that is asked for often."""

    label: str
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """The form: a cut-off as it was typed, what is wrong with it, and which accounts."""

    day: str
    time: str
    error: str
    zone: str
    shortcuts: tuple[Shortcut, ...]
    selects: tuple[Select, ...]
