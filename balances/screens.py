"""What the pages show: plain, frozen, already formatted for the reader's zone.

Templates do no arithmetic and no formatting; everything here is text, a flag or a list of such.
"""

from dataclasses import dataclass, field
from typing import Literal

from balances.amounts import Amount
from balances.change_screens import Moved

StateSlug = Literal["fresh", "stale", "failed", "waiting", "paused", "archived", "keyless"]


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
    is_partial: bool = False  # the account's key is said to see only some wallets


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


@dataclass(frozen=True, slots=True)
class RejectedKey:
    """A key that Qredo rejects, as a row of its incident."""

    label: str
    url: str
    key_id: str
    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Keys of one organization that were rejected at once."""

    organization: str
    environment: str
    began: Moment
    ended: Moment | None
    left_over: int  # how many keys are not on this page


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key that has ended."""

    key_id: str
    word: str
    added: Moment
    ended: Moment
    by: str


@dataclass(frozen=True, slots=True)
class Figures:
    """The four amounts of one asset."""

    total: Amount
    available: Amount
    pending_in: Amount
    pending_out: Amount


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the accounts that should be in a figure are fresh."""

    fresh: int
    expected: int
    oldest: Moment | None
    oldest_label: str = ""
    oldest_reason: str = ""
    unknown: int = 0
    partial: int = 0  # accounts whose key is said to see only some wallets

    @property
    def is_whole(self) -> bool:
        """Whether every account that should be in the figure is fresh."""
        return self.fresh == self.expected

    @property
    def partial_text(self) -> str:
        """How many accounts are of keys that see only some wallets, in a sentence."""
        if self.partial == 1:
            return "1 account's key sees only some wallets."
        return f"{self.partial} accounts' keys see only some wallets."

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


@dataclass(frozen=True, slots=True)
class AssetTable:
    """Assets that may be added up together: real money or testnet, never both."""

    kind: Literal["production", "testnet"]
    title: str
    rows: tuple[AssetRow, ...]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account in a list; its parts are there when the row is open."""

    uid: str
    url: str
    label: str
    owner: str
    kind: Literal["Personal", "Organization"]
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
    change_share: str = ""  # "1.42 %" of what it was


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
class FoundGroup:
    """Things of one kind that a text may mean, and how many more there are."""

    title: str
    choices: tuple[Choice, ...]
    others: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a text may mean, as of the instant that `kept` says again."""

    typed: str
    groups: tuple[FoundGroup, ...]
    count: int
    kept: dict[str, str]

    @property
    def only_url(self) -> str:
        """Where to go if one thing alone was found by what was typed."""
        return self.groups[0].choices[0].url if self.typed.strip() and self.count == 1 else ""


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


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One line of the table below a chart."""

    at: Moment
    figures: Figures | None
    coverage: str  # "observed", "carried since …", "unknown"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: where its points are fetched, what may be chosen, the same numbers as a table."""

    series_url: str
    csv_url: str
    ranges: tuple[Choice, ...]
    assets: tuple[Choice, ...]
    asset: str
    rows: tuple[SeriesRow, ...]
    zone: str
    start: str = ""  # what the custom range form shows, as typed
    end: str = ""
    error: str = ""  # why a custom range could not be used
    shown_range: str = ""
    step_text: str = ""  # "each point is the end of a day in Europe/London"
    band_text: str = ""  # what lowest and highest totals are of
    steps: tuple[Option, ...] = ()
    every_url: str = ""  # a file of every change
    kept: tuple[tuple[str, str], ...] = ()  # what else the page's address says


@dataclass(frozen=True, slots=True)
class Overview:
    """The overview."""

    headline: Headline | None
    coverage: Coverage
    chart: Chart | None
    tables: tuple[AssetTable, ...]
    accounts: tuple[AccountRow, ...]
    filters: tuple[Choice, ...]
    attention_url: str  # the accounts that are not fresh
    narrowed: Narrowed = Narrowed("")
    empty_text: str = ""  # why no account is listed; empty when there are none yet
    version: str = ""
    fragment_url: str = ""  # where the figures are fetched anew; the past stays as it is
    may_add: bool = False
    demo_progress: str = ""  # "Demo history: 43 %" while it is being loaded
    heading: str = ""  # whose accounts alone it is about: an owner's, those with a tag
    notice: str = ""  # e.g. nothing was polled for 12 min
    troubles: tuple[Trouble, ...] = ()
    refreshing: bool = False  # some row is being refreshed, so the page looks often
    is_past: bool = False
    pages: Pages | None = None  # of the accounts
    changes_url: str = ""  # where the cells are fetched that say how assets moved
    all_at_once_url: str = ""  # this page with those cells in it


@dataclass(frozen=True, slots=True)
class AccountList:
    """Every account that somebody may see, the archived ones included."""

    accounts: tuple[AccountRow, ...]
    filters: tuple[Choice, ...]
    narrowed: Narrowed
    empty_text: str  # nothing for somebody without any account
    version: str = ""
    fragment_url: str = ""  # where the list is fetched anew; the past stays as it is
    refreshing: bool = False
    troubles: tuple[Trouble, ...] = ()
    pages: Pages | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One stretch of an account's timeline."""

    kind: Literal["fresh", "failed", "missed", "paused", "archived", "keyless"]
    word: str
    first: Moment
    until: Moment | None
    text: str  # "10:00 to 14:30 GMT"
    slots: str  # "54 polls, every 5 min"
    reason: str = ""
    share: int = 0  # of the shown stretch of time, in 1/1000; for drawing only


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """An answer that was not understood: when it came last, what was wrong where, its bytes."""

    at: Moment
    when: str  # "14:05 GMT"
    reason: str
    detail: str
    size: str  # "1,234 bytes"
    digest: str  # its beginning, in hexadecimal
    url: str  # empty for who may not have the bytes


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value of a list of facts."""

    name: str
    value: str
    moment: Moment | None = None
    note: str = ""
    is_code: bool = False  # a digest: shown in a face in which it can be compared


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves an account's figures: snapshots around an instant, the run that covers it."""

    meaning: str  # from when to when they certainly held
    before: tuple[Fact, ...]
    before_note: str  # why there is none
    after: tuple[Fact, ...]
    after_note: str
    run: tuple[Fact, ...]
    run_note: str


@dataclass(frozen=True, slots=True)
class RefreshNote:
    """The newest refresh of an account."""

    state: Literal["running", "fresh", "failed", "skipped", "missed"]
    text: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One account, now or as of an instant of the past."""

    row: AccountRow
    assets: tuple[AssetRow, ...]
    chart: Chart | None
    runs: tuple[RunRow, ...]
    runs_note: str
    facts: tuple[Fact, ...]
    evidence: Evidence | None = None
    keys: tuple[Fact, ...] = ()
    refresh: RefreshNote | None = None
    may_operate: bool = False  # refresh, pause, resume
    may_administer: bool = False  # archive, restore, transfer
    may_share: bool = False  # let others read a personal account
    version: str = ""
    fragment_url: str = ""  # where the figures are fetched anew; the past stays as it is
    notes: tuple[str, ...] = field(default=())
    rejected: tuple[RejectedRow, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    is_past: bool = False


@dataclass(frozen=True, slots=True)
class CountingRow:
    """A stretch of time in which an account did or did not count in totals."""

    word: str
    began: Moment
    ended: Moment | None
    by: str  # who decided it; empty for how the account came


@dataclass(frozen=True, slots=True)
class CountingPage:
    """Whether an account counts in totals: today, before, and what speaks against it."""

    label: str
    uid: str
    is_counted: bool
    same: str  # labels of the accounts that answer for the same Qredo account
    is_certain: bool
    zone: str
    rows: tuple[CountingRow, ...]


@dataclass(frozen=True, slots=True)
class KeyPage:
    """An account's keys, beside the form that replaces the active one."""

    label: str
    uid: str
    environment: str
    has_key: bool
    active: tuple[Fact, ...]
    reminder: str
    ended: tuple[KeyRow, ...]
