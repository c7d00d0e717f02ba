"""What the History page shows: plain, frozen, already formatted for the reader's zone."""

from dataclasses import dataclass

from balances.pages.components.context import AssetTable, Choice, Coverage, Narrowed, Pages, State


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One account as of an instant, with the beginning of what proves it."""

    label: str
    url: str
    owner: str
    state: State
    is_counted: bool
    holds: str  # how many assets; "unknown" before anything was seen
    seen: str
    snapshot: str  # its number; empty for one that is out of the reader's sight
    digest: str


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Totals and accounts as of an instant; without one, the ways to choose it."""

    shortcuts: tuple[Choice, ...]
    narrowed: Narrowed | None = None
    tables: tuple[AssetTable, ...] = ()
    coverage: Coverage | None = None
    rows: tuple[HistoryRow, ...] = ()
    pages: Pages | None = None  # of the rows
    empty_text: str = ""
    csv_url: str = ""
    overview_url: str = ""
