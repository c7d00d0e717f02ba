"""What the overview and the list of accounts show: already formatted."""

from dataclasses import dataclass

from balances.pages.accounts.context import NO_REFRESH, RefreshAll
from balances.pages.charts.context import Chart
from balances.pages.components.context import (
    UNNARROWED,
    AccountRow,
    AssetTable,
    Choice,
    Coverage,
    Headline,
    Narrowed,
    Pages,
    Trouble,
)


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
    narrowed: Narrowed = UNNARROWED
    empty_text: str = ""  # why no account is listed; empty when there are none yet
    version: str = ""
    fragment_url: str = ""  # where the figures are fetched anew; the past stays as it is
    may_add: bool = False
    demo_progress: str = ""  # "Demo history: 43 %" while it is being loaded
    heading: str = ""  # whose accounts alone it is about: an owner's, those with a tag
    notice: str = ""  # e.g. nothing was polled for 12 min
    troubles: tuple[Trouble, ...] = ()
    refreshing: bool = False  # some account is being refreshed, so the page looks often
    refresh_all: RefreshAll = NO_REFRESH
    is_past: bool = False
    pages: Pages | None = None  # of the accounts
    changes_url: str = ""  # where the cells are fetched that say how assets moved
    all_at_once_url: str = ""  # this page with those cells in it
