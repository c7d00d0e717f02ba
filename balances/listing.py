"""Which accounts a list shows: those that a filter lets through, page by page.

Filters count over all of them. Only what is shown is made into rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from balances.paging import Paged
from balances.portfolio import Member
from balances.screens import Choice, Pages
from balances.states import slug_of

_TROUBLED = frozenset({"stale", "failed", "waiting", "keyless"})

#: By name: what it is called, and whom it lets through, by the slug of the account's state.
FILTERS: dict[str, tuple[str, Callable[[Member, str], bool]]] = {
    "all": ("All", lambda _, __: True),
    "attention": ("Needs attention", lambda _, slug: slug in _TROUBLED),
    "personal": ("Personal", lambda member, _: member.is_personal),
    "organizations": ("Organizations", lambda member, _: not member.is_personal),
    "paused": ("Paused", lambda _, slug: slug == "paused"),
}


@dataclass(frozen=True)
class Listing:
    """A list of accounts: all of them, as of when, and what its reader asked for."""

    held: Sequence[Member]
    at: datetime
    show: str
    text: Mapping[str, str]
    base_url: str

    def filters(self) -> tuple[Choice, ...]:
        """Return the filters, each with how many it lets through."""
        return tuple(
            Choice(label, self.url_of(name), name == self.show, len(self._through(name)))
            for name, (label, _) in FILTERS.items()
        )

    def shown(self) -> Sequence[Member]:
        """Return the accounts of the page that was asked for."""
        return self._paged.shown()

    def pages(self) -> Pages | None:
        """Return where one is among the pages; nothing, if there is one."""
        return self._paged.pages()

    def url_of(self, show: str) -> str:
        """Return this list, from its beginning, through another filter."""
        kept = {name: value for name, value in self.text.items() if name != "page"}
        return f"{self.base_url}?{urlencode({**kept, 'show': show})}"

    def _through(self, name: str) -> list[Member]:
        lets = FILTERS[name][1]
        return [member for member, slug in self._slugs if lets(member, slug)]

    @cached_property
    def _paged(self) -> Paged[Member]:
        return Paged(self._through(self.show), self.text, self.base_url)

    @cached_property
    def _slugs(self) -> list[tuple[Member, str]]:
        return [(member, slug_of(member.stand, self.at)) for member in self.held]
