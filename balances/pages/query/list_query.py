"""What a page about a list of accounts is asked: whose, which asset, what is open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import QuerySet

from accounts.access.compiled import Ids, ids_of, ids_visible_to
from accounts.access.querysets import visible_to
from accounts.models import Account, User
from balances.core.assets import Kind
from balances.pages.components.context import Narrowed, Select
from balances.pages.components.shown_assets import PAGE_NAMES
from balances.pages.query import versions
from balances.portfolio.filters import NAMES, Narrowing

_OF_A_LIST = {*NAMES, "page", *PAGE_NAMES.values()}


@dataclass(frozen=True, slots=True)
class Query:
    """What a reader asked a page for; the instant in its `text` is exact."""

    asset: str
    kind: Kind
    text: Mapping[str, str]
    narrowing: Narrowing
    opened: frozenset[str] = frozenset()

    @classmethod
    def of(cls, asked: Mapping[str, str], opened: Iterable[str] = ()) -> "Query":
        """Read a page's query; what makes no sense counts as not asked."""
        text = {n: value for n, value in asked.items() if value and n not in {"open", "version"}}
        kind: Kind = "testnet" if text.get("kind") == "testnet" else "production"
        return cls(text.get("asset", ""), kind, text, Narrowing.of(text), frozenset(opened))

    @property
    def kept(self) -> dict[str, str]:
        """The parameters that say which accounts a page is about, and as of when."""
        at = self.text.get("at", "")
        return {**self.narrowing.query, **({"at": at} if at else {})}

    @property
    def has_changes(self) -> bool:
        """Whether the page is to come with how assets moved, without a script that fetches it."""
        return self.text.get("changes") == "shown"


def asked_for(accounts: QuerySet[Account], query: Query, reader: User) -> QuerySet[Account]:
    """Return the current accounts that the overview is about."""
    return query.narrowing.applied_to(present(accounts), reader)


def narrowed(selects: tuple[Select, ...], query: Query, page_url: str) -> Narrowed:
    """Return the filter of a page, which asks these questions."""
    kept = {name: text for name, text in query.text.items() if name not in _OF_A_LIST}
    clear = f"{page_url}?{urlencode(kept)}" if query.narrowing.query else ""
    return Narrowed(page_url, selects, tuple(kept.items()), clear)


def version(user: User, query: Query, now: datetime) -> str:
    """Return the version of the overview's figures, and of the list of accounts."""
    return versions.version_of(user, _seen(user, query), now, _said(query))


def current(user: User, query: Query) -> tuple[datetime, str]:
    """Return the time, and the version of it."""
    return versions.current(user, _seen(user, query), _said(query))


def _seen(user: User, query: Query) -> Ids:
    if query.narrowing.query:
        return ids_of(query.narrowing.applied_to(visible_to(user), user))
    return ids_visible_to(user)


def _said(query: Query) -> str:
    return urlencode(sorted(query.text.items()))


def present(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Return the accounts that count today: archived ones keep their history elsewhere."""
    return accounts.filter(archived_at=None)
