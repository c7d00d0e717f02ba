"""Which accounts a list shows: those that a filter lets through, fifty a page.

Filters count over all of them. Only what is shown is made into rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from balances.portfolio import Member
from balances.screens import Choice, Pages
from balances.states import slug_of

#: Rows of a page.
ROWS = 50

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

    def shown(self) -> list[Member]:
        """Return the accounts of the page that was asked for."""
        return self._found[(self._page - 1) * ROWS : self._page * ROWS]

    def pages(self) -> Pages | None:
        """Return where one is among the pages; nothing, if there is one."""
        count = len(self._found)
        if count <= ROWS:
            return None
        first, last = (self._page - 1) * ROWS + 1, min(self._page * ROWS, count)
        return Pages(
            text=f"{first:,} to {last:,} of {count:,}",
            before_url=self._url(page=self._page - 1) if first > 1 else "",
            after_url=self._url(page=self._page + 1) if last < count else "",
        )

    def url_of(self, show: str) -> str:
        """Return this list, from its beginning, through another filter."""
        return self._url(show=show)

    def _url(self, **changes: object) -> str:
        kept = {name: value for name, value in self.text.items() if name != "page"}
        return f"{self.base_url}?{urlencode({**kept, **changes})}"

    def _through(self, name: str) -> list[Member]:
        lets = FILTERS[name][1]
        return [member for member, slug in self._slugs if lets(member, slug)]

    @cached_property
    def _found(self) -> list[Member]:
        return self._through(self.show)

    @cached_property
    def _slugs(self) -> list[tuple[Member, str]]:
        return [(member, slug_of(member.stand, self.at)) for member in self.held]

    @cached_property
    def _page(self) -> int:
        """The page asked for; what makes no sense is the first, what is beyond is the last."""
        text = self.text.get("page", "")
        asked = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 1
        return max(1, min(asked, -(-len(self._found) // ROWS)))
