"""Which accounts a list shows: those that a filter lets through, page by page.

Filters count over all of them. Only what is shown is made into rows.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from balances.history.status import slug_of
from balances.pages.components.context import Choice, Pages
from balances.pages.components.pagination import Paged
from balances.pages.query.list_query import Query
from balances.portfolio.members import Member, OwnerKind

_TROUBLED = frozenset({"stale", "failed", "waiting", "keyless"})

#: What filters go by: what an account's owner is to the reader, and the slug of its state.
Sort = tuple[OwnerKind, str]
#: By name: what it is called, and what it lets through.
FILTERS: dict[str, tuple[str, Callable[[OwnerKind, str], bool]]] = {
    "all": ("All", lambda _, __: True),
    "attention": ("Needs attention", lambda _, slug: slug in _TROUBLED),
    "personal": ("Personal", lambda kind, _: kind == "Personal"),
    "organizations": ("Organizations", lambda kind, _: kind == "Organization"),
    "shared": ("Shared with you", lambda kind, _: kind == "Shared with you"),
    "paused": ("Paused", lambda _, slug: slug == "paused"),
    "failed": ("Failed", lambda _, slug: slug == "failed"),
    "stale": ("Stale", lambda _, slug: slug == "stale"),
}
#: Parts of *Needs attention*, to which a search leads: no choices of their own beside it.
_FOUND_ONLY = frozenset({"failed", "stale"})


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
        counts = Counter(self._sorts)
        return tuple(
            Choice(label, self.url_of(name), name == self.show, _count(counts, lets))
            for name, (label, lets) in FILTERS.items()
            # Most are shared nothing; for them there is nothing to choose.
            if name == self.show
            or (name not in _FOUND_ONLY and (name != "shared" or _count(counts, lets)))
        )

    def through(self) -> Sequence[Member]:
        """Return the accounts that the filter lets through, of all pages."""
        return self._through

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

    @cached_property
    def _paged(self) -> Paged[Member]:
        return Paged(self._through, self.text, self.base_url)

    @cached_property
    def _through(self) -> list[Member]:
        lets = FILTERS[self.show][1]
        return [one for one, sort in zip(self.held, self._sorts, strict=True) if lets(*sort)]

    @cached_property
    def _sorts(self) -> list[Sort]:
        return [(one.kind, slug_of(one.stand, self.at)) for one in self.held]


def _count(counts: Mapping[Sort, int], lets: Callable[[OwnerKind, str], bool]) -> int:
    # There are few sorts of accounts, however many accounts.
    return sum(count for sort, count in counts.items() if lets(*sort))


def listing_of(query: Query, held: Sequence[Member], at: datetime, base_url: str) -> Listing:
    """Return the list of accounts that is asked for, of which `held` is everything."""
    show = query.text.get("show", "all")
    return Listing(held, at, show if show in FILTERS else "all", query.text, base_url)
