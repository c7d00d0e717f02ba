"""What the pages show: plain, frozen, already formatted for the reader's zone.

Templates do no arithmetic and no formatting; everything here is text, a flag or a list of such.
"""

from dataclasses import dataclass
from typing import Literal

from balances.core.amounts import Amount
from balances.history.status import StateSlug
from balances.pages.components.changes import Moved
from balances.portfolio.members import OwnerKind


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant: `iso` in UTC for machines, `text` in the reader's zone, named, `ago` in words."""

    iso: str
    text: str
    ago: str
    is_still: bool = False  # of a page of the past, whose words grow no older


@dataclass(frozen=True, slots=True)
class Band:
    """Which instant a page is about: how to choose another one, and the way back to now."""

    is_past: bool
    text: str  # "29 March 2026, 10:00 BST"
    iso: str
    zone: str
    aside: str  # "Europe/London, the end of 28 March"
    page_url: str
    kept: tuple[tuple[str, str], ...]  # what else the page's address says
    now_url: str
    before_url: str  # a day before, at the same time by the reader's clocks
    after_url: str  # a day after; empty where that has not come yet
    date: str  # what the form shows
    time: str
    typed: str = ""  # what was asked for and is no date and time
    error: str = ""
    other_text: str = ""  # the other instant at which clocks showed the same
    other_url: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """An account's state as a word, since when, why, and what to do about it."""

    slug: StateSlug
    word: str
    since: Moment | None
    when: str  # "4 min ago", "since 11:05 GMT"
    reason: str = ""
    remedy: str = ""
    is_partial: bool = False  # some wallets or assets are left out


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong for several accounts at once, in a sentence, and what to do."""

    slug: Literal["failed", "stale"]
    who: str
    what: str
    before: str = ""
    remedy: str = ""
    url: str = ""
    link: str = ""
    refresh_url: str = ""  # where all its accounts are refreshed
    refresh: str = ""  # "Refresh these 3 accounts now"


@dataclass(frozen=True, slots=True)
class Figures:
    """The four amounts of one asset."""

    total: Amount
    available: Amount
    pending_in: Amount
    pending_out: Amount


def held_text(holders: int, fresh: int, *, is_whole: bool) -> str:
    """Return how many accounts hold an asset and, where not every one is fresh, if these are."""
    if holders <= 1:
        held, which = ("1 holds it" if holders else "none holds it"), ("" if fresh else "not ")
    else:
        held = f"{holders:,} hold it"
        which = "all " if fresh == holders else f"{fresh:,} " if fresh else "none "
    return held if is_whole or not holders else f"{held}, {which}fresh"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the accounts that should be in a figure are fresh.

    In an asset's total those are all that could hold it; `holders` do, `fresh_holders` lately seen.
    """

    fresh: int
    expected: int
    oldest: Moment | None
    oldest_label: str = ""
    oldest_reason: str = ""
    unknown: int = 0
    partial: int = 0  # accounts of which some wallets or assets are left out
    failing: int = 0  # accounts whose newest poll failed; their figures may be fresh still
    split: str = ""  # where the accounts are, if in several places: "13 production, 1 sandbox"
    holders: int | None = None  # of an asset
    fresh_holders: int = 0

    @property
    def held_text(self) -> str:
        """How many of the accounts hold the asset, and whether these are fresh."""
        if self.holders is None:
            return ""
        return held_text(self.holders, self.fresh_holders, is_whole=self.is_whole)

    @property
    def is_whole(self) -> bool:
        """Whether every account that should be in the figure is fresh."""
        return self.fresh == self.expected

    @property
    def partial_text(self) -> str:
        """How many accounts are partial, in a sentence."""
        counted = "1 account is" if self.partial == 1 else f"{self.partial} accounts are"
        return f"{counted} partial: some wallets or assets are left out."

    @property
    def carried(self) -> int:
        """How many accounts count with an older figure."""
        return self.expected - self.fresh - self.unknown


@dataclass(frozen=True, slots=True)
class Part:
    """One account's part of an asset, or one asset's part of an account."""

    label: str
    url: str
    figures: Figures
    state: State | None = None
    flags: tuple[str, ...] = ()
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """How a row opens: its name in a query, where its parts are fetched, this page with it open."""

    key: str
    parts_url: str
    page_url: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class AssetRow:
    """One asset over all accounts of a table; its parts are there when the row is open."""

    asset: str
    url: str  # the page of the asset, about the same accounts as this one where it is about several
    figures: Figures
    coverage: Coverage
    count: int
    parts: tuple[Part, ...] = ()
    flags: tuple[str, ...] = ()
    opening: Opening | None = None
    moved: Moved | None = None  # nothing in tables that do not say how their rows moved

    @property
    def others(self) -> int:
        """How many accounts an open row does not name."""
        return self.count - len(self.parts) if self.parts else 0


@dataclass(frozen=True, slots=True)
class AssetTable:
    """Assets that may be added up together: real money or testnet, never both."""

    kind: Literal["production", "testnet"]
    title: str
    rows: tuple[AssetRow, ...]
    pages: "Pages | None" = None  # where these are among all of them


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account in a list; its parts are there when the row is open."""

    uid: str
    url: str
    label: str
    owner: str
    kind: OwnerKind
    environment: Literal["production", "sandbox"]
    is_demo: bool
    state: State
    is_known: bool  # False: no balance has been seen yet, which is not the same as none
    count: int
    may_refresh: bool
    refreshing: bool = False
    parts: tuple[Part, ...] = ()
    opening: Opening | None = None
    tags: tuple[str, ...] = ()
    is_counted: bool = True  # in the totals of the overview
    owner_url: str = ""  # the overview of this owner's accounts

    @property
    def others(self) -> int:
        """How many assets an open row does not name."""
        return self.count - len(self.parts) if self.parts else 0


@dataclass(frozen=True, slots=True)
class Headline:
    """The figure at the top of a page: one asset, its change over a named period."""

    asset: str
    scope: str  # "all accounts, production"
    figures: Figures
    coverage: Coverage
    change: Amount | None
    direction: Literal["up", "down", "same", "unknown"]
    period: str  # "24 h"
    change_note: str = ""
    change_share: str = ""  # "+1.42 %" of what it was


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a row of pills or of a filter."""

    label: str
    url: str
    chosen: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Pages:
    """Where one is in a list of several pages; an empty address leads nowhere."""

    text: str  # "51 to 100 of 5,000"
    before_url: str
    after_url: str


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a select."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Select:
    """A question of a filter and its answers, the first of which is everything."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The filter of a page: its questions, and what else the page's address says."""

    page_url: str
    selects: tuple[Select, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    clear_url: str = ""  # this page about every account; empty when it is


#: A page that has no filter.
UNNARROWED = Narrowed("")


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value of a list of facts."""

    name: str
    value: str
    moment: Moment | None = None
    note: str = ""
    is_code: bool = False  # a digest: shown in a face in which it can be compared


@dataclass(frozen=True, slots=True)
class Named:
    """An account that a page names: whose it is and what it stands at."""

    label: str
    url: str
    owner: str
    state: State


@dataclass(frozen=True, slots=True)
class Some:
    """The first of the accounts that a page names, and how many there are."""

    named: tuple[Named, ...]
    count: int

    @property
    def others(self) -> int:
        """How many are not named."""
        return self.count - len(self.named)
