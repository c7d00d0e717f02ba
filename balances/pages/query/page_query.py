"""What a page about many accounts is asked, and the fragment that keeps its figures current."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self, TypeVar
from urllib.parse import urlencode

from django.urls import reverse

from accounts.access.compiled import Ids, ids_of
from accounts.models import User
from balances.pages.as_of.instant import AsOf
from balances.pages.components.context import Narrowed
from balances.pages.components.pagination import Paged
from balances.pages.query import versions
from balances.pages.query.selection import accounts_of, questions
from balances.portfolio.filters import NAMES, Narrowing
from balances.portfolio.scope import Scope

#: No asset's name is longer; a longer query is cut before it reaches the database.
LONGEST_ASSET = 128

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Question:
    """Whose accounts a page is asked about, and how it is shown.

    `name` is the page's name among the addresses; its fragment's is `<name>-figures`.
    """

    name: str
    scope: Scope
    text: Mapping[str, str]

    @classmethod
    def of(cls, name: str, user: User, asked: Mapping[str, str]) -> Self:
        """Read a page's query."""
        text = {n: value for n, value in asked.items() if value and n not in {"version", "open"}}
        return cls(name, Scope(user, Narrowing.of(text)), text)

    def version(self, now: datetime) -> str:
        """Return the version of the figures."""
        return versions.version_of(self.scope.user, self._seen, now, self._said)

    def current(self) -> tuple[datetime, str]:
        """Return the time, and the version of it."""
        return versions.current(self.scope.user, self._seen, self._said)

    @property
    def _seen(self) -> Ids:
        return ids_of(accounts_of(self.scope))

    @property
    def _said(self) -> str:
        return urlencode(sorted(self.text.items()))

    def fragment_url(self, version: str) -> str:
        """Return where the figures are fetched anew by who has this version of them."""
        query = {**self.text, "version": version}
        return f"{reverse(f'{self.name}-figures')}?{urlencode(query)}"

    def kept(self, asked: AsOf) -> dict[str, str]:
        """Return the parameters that say which accounts the page is about, and as of when."""
        return {**self.scope.narrowing.query, **asked.query}

    def narrowed(self, asked: AsOf) -> Narrowed:
        """Return the filter of the page. Who chooses other accounts begins with the first page."""
        url = reverse(self.name)
        kept = {name: text for name, text in self.text.items() if name not in {*NAMES, "page"}}
        everything = f"{url}?{urlencode(kept)}" if kept else url
        clear = everything if self.scope.narrowing.query else ""
        return Narrowed(url, questions(self.scope, asked), tuple(kept.items()), clear)

    def paged(self, rows: Sequence[Row]) -> Paged[Row]:
        """Return the page's list."""
        return Paged(rows, self.text, reverse(self.name))
