"""What the list of accounts shows: already formatted."""

from dataclasses import dataclass

from balances.pages.components.context import AccountRow, Choice, Narrowed, Pages, Trouble


@dataclass(frozen=True, slots=True)
class RefreshAll:
    """The button that refreshes all listed accounts, and how far the newest such wish is."""

    count: int = 0  # of accounts that the reader may refresh; without any there is no button
    url: str = ""
    progress: str = ""
    is_running: bool = False


#: For pages that offer none: those of the past.
NO_REFRESH = RefreshAll()


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
    refresh_all: RefreshAll = NO_REFRESH
    troubles: tuple[Trouble, ...] = ()
    pages: Pages | None = None
