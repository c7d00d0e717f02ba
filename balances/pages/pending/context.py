"""What the page of everything in flight shows: plain, frozen, formatted for the reader's zone."""

from dataclasses import dataclass
from typing import Literal

from balances.core.amounts import Amount
from balances.pages.components.context import Coverage, Moment, Narrowed, Pages, Some, State


@dataclass(frozen=True, slots=True)
class InFlight:
    """One asset of one account of which something is pending, in or out."""

    label: str
    url: str
    owner: str
    asset: str
    asset_url: str
    is_testnet: bool
    pending_in: Amount
    pending_out: Amount
    since: Moment  # when it was first seen pending, without a break since
    doubt: str  # by how much it may be older: "or up to 5 min before"
    state: State
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class PendingTotal:
    """What is pending of one asset, over the accounts that are in totals."""

    asset: str
    url: str
    pending_in: Amount
    pending_out: Amount
    count: int


@dataclass(frozen=True, slots=True)
class PendingTable:
    """Totals that may stand in one table: real money or testnet, never both."""

    kind: Literal["production", "testnet"]
    title: str
    rows: tuple[PendingTotal, ...]


@dataclass(frozen=True, slots=True)
class PendingPage:
    """Everything in flight, the oldest first."""

    rows: tuple[InFlight, ...]
    pages: Pages | None  # of the rows
    count: str  # of those on all pages, "4,855"
    tables: tuple[PendingTable, ...]
    coverage: Coverage
    unknown: Some
    narrowed: Narrowed
    empty_text: str
    version: str
    fragment_url: str  # empty for the past, which stays as it is
