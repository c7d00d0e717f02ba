"""What the page of one asset shows: plain, frozen, already formatted for the reader's zone."""

from dataclasses import dataclass
from typing import Literal

from balances.change_screens import Change
from balances.screens import Chart, Coverage, Figures, Narrowed, State


@dataclass(frozen=True, slots=True)
class Named:
    """An account that a page names: whose it is and what it stands at."""

    label: str
    url: str
    owner: str
    state: State


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
    """The accounts of one owner that hold an asset, the largest first."""

    owner: str
    url: str  # everything of this owner
    figures: Figures | None  # of those that are in totals; nothing if none is
    share: str
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
    holders: int
    gone: tuple[Named, ...]  # held it before and hold none of it now
    unknown: tuple[Named, ...]
    other_url: str  # the asset of the same name that is the other kind of money
    compare_url: str
    narrowed: Narrowed
    empty_text: str
    version: str
    fragment_url: str  # empty for the past, which stays as it is
