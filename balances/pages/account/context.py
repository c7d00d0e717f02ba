"""What the page of one account shows: already formatted."""

from dataclasses import dataclass, field
from typing import Literal

from balances.pages.charts.context import Chart
from balances.pages.components.context import AccountRow, AssetRow, Fact, Moment, Pages, Trouble


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
class Evidence:
    """What proves an account's figures: snapshots around an instant, the run that covers it."""

    meaning: str  # which polls saw them
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
class AssetsOfAccount:
    """The assets of an account that are shown, and where these are among all of them."""

    rows: tuple[AssetRow, ...]
    pages: Pages | None = None


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One account, now or as of an instant of the past."""

    row: AccountRow
    assets: AssetsOfAccount
    chart: Chart | None
    runs: tuple[RunRow, ...]
    runs_note: str
    facts: tuple[Fact, ...]
    evidence: Evidence | None = None
    keys: tuple[Fact, ...] = ()
    refresh: RefreshNote | None = None
    may_operate: bool = False  # refresh, pause, resume
    may_administer: bool = False  # archive, restore, transfer
    may_sum: bool = (
        False  # the newest answer was refused for want of a rule that its reader may make
    )
    may_share: bool = False  # let others read a personal account
    version: str = ""
    fragment_url: str = ""  # where the figures are fetched anew; the past stays as it is
    notes: tuple[str, ...] = field(default=())
    rejected: tuple[RejectedRow, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    is_past: bool = False
