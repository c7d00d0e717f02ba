"""What the page of a comparison shows: plain, frozen, formatted for the reader's zone."""

from dataclasses import dataclass
from typing import Literal

from balances.core.amounts import Amount
from balances.pages.components.context import Choice, Select


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of a comparison; without an amount it is unknown, which is never zero."""

    head: str  # what it stands under
    amount: Amount | None
    #: Of a difference or a change; of a level it is empty.
    direction: Literal["", "up", "down", "same"] = ""


@dataclass(frozen=True, slots=True)
class CompareRow:
    """One asset: its figures on both sides, the difference last."""

    asset: str
    url: str  # the same comparison with this asset drawn
    is_drawn: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class CompareTable:
    """Assets of one kind of money."""

    kind: Literal["production", "testnet"]
    title: str
    rows: tuple[CompareRow, ...]


@dataclass(frozen=True, slots=True)
class SideNote:
    """What is compared: its letter, name, and what its figures leave out."""

    letter: str
    name: str
    url: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OverlayRow:
    """One line of the table below the drawing."""

    when: tuple[str, ...]  # an instant, or the instants of both periods
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Overlay:
    """Two lines of one asset in one drawing, and the same numbers as a table."""

    asset: str
    zone: str
    ranges: tuple[Choice, ...]
    points: str  # what the browser draws, as JSON
    heads: tuple[str, ...]
    rows: tuple[OverlayRow, ...]


@dataclass(frozen=True, slots=True)
class TimeField:
    """One of the four times of two periods, as typed."""

    name: str
    label: str
    value: str
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class NameField:
    """A field in which an account is named."""

    name: str
    label: str
    value: str
    nothing: str  # what is shown while it is empty
    error: str = ""  # why it is not known which account is meant
    choices: tuple[Choice, ...] = ()  # those that may be meant
    others: int = 0  # how many more


@dataclass(frozen=True, slots=True)
class Naming:
    """The fields in which accounts are named, and the names that are suggested."""

    fields: tuple[NameField, ...]
    suggested: tuple[str, ...]
    suggest_url: str  # where others are fetched as somebody types; empty if these are all
    count: int  # of the accounts that there are


@dataclass(frozen=True, slots=True)
class ComparePage:
    """Two accounts, owners or tags beside each other, or one subject in two periods."""

    by: Literal["accounts", "owners", "tags", "periods"]
    tabs: tuple[Choice, ...]
    selects: tuple[Select, ...]
    times: tuple[TimeField, ...]
    kept: tuple[tuple[str, str], ...]
    naming: Naming | None = None
    sides: tuple[SideNote, ...] = ()
    heads: tuple[str, ...] = ()
    tables: tuple[CompareTable, ...] = ()
    overlay: Overlay | None = None
    error: str = ""
    hint: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether something that was typed could not be understood."""
        return bool(self.error or (self.naming and any(one.error for one in self.naming.fields)))
