"""What the page of one asset shows: plain, frozen, already formatted for the reader's zone."""

from dataclasses import dataclass
from typing import Literal

from balances.pages.charts.context import Chart
from balances.pages.components.changes import Change
from balances.pages.components.context import Coverage, Figures, Narrowed, Pages, Some, State


@dataclass(frozen=True, slots=True)
class Holder:
    """One account that holds an asset."""

    label: str
    url: str
    owner: str
    figures: Figures
    share: str  # "12.3 %" of the total; empty for what is in no total
    state: State
    flags: tuple[str, ...] = ()
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class HolderGroup:
    """One owner's accounts that hold an asset, the largest first: those of one page."""

    owner: str
    url: str  # everything of this owner
    figures: Figures | None  # of those that are in totals; nothing if none is
    share: str
    count: str  # of those on all pages, "1,204 accounts"
    rows: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class AssetPage:
    """One asset over all accounts that a page is about."""

    asset: str
    kind: Literal["production", "testnet"]
    scope: str  # "all accounts, production"
    figures: Figures | None  # nothing while no account is known
    coverage: Coverage
    changes: tuple[Change, ...]
    chart: Chart | None
    groups: tuple[HolderGroup, ...]
    pages: Pages | None  # of those that hold it
    owners: int  # on all pages
    holders: str  # on all pages, "1,204 accounts"; empty for none
    gone: Some  # held it before and hold none of it now
    unknown: Some
    other_url: str  # the asset of the same name that is the other kind of money
    compare_url: str
    narrowed: Narrowed
    empty_text: str
    version: str
    fragment_url: str  # empty for the past, which stays as it is
