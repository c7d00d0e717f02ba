"""A long list, a page at a time. What is counted and added up is over all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar
from urllib.parse import urlencode

from balances.core.number_formats import whole
from balances.pages.components.context import Pages

Row = TypeVar("Row")

#: Rows of a page.
ROWS = 50


@dataclass(frozen=True)
class Paged(Generic[Row]):
    """A list of which an address asks for one page, in its query `text`, by a `name`."""

    rows: Sequence[Row]
    text: Mapping[str, str]
    base_url: str
    name: str = "page"
    size: int = ROWS

    def shown(self) -> Sequence[Row]:
        """Return the rows of the page that was asked for."""
        return self.rows[(self._page - 1) * self.size : self._page * self.size]

    def pages(self) -> Pages | None:
        """Return where one is among the pages; nothing, if there is one."""
        count = len(self.rows)
        if count <= self.size:
            return None
        first, last = (self._page - 1) * self.size + 1, min(self._page * self.size, count)
        return Pages(
            text=f"{whole(first)} to {whole(last)} of {whole(count)}",
            before_url=self._url(self._page - 1) if first > 1 else "",
            after_url=self._url(self._page + 1) if last < count else "",
        )

    def _url(self, page: int) -> str:
        return f"{self.base_url}?{urlencode({**self.text, self.name: page})}"

    @cached_property
    def _page(self) -> int:
        """The page asked for; what makes no sense is the first, what is beyond is the last."""
        text = self.text.get(self.name, "")
        asked = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 1
        return max(1, min(asked, -(-len(self.rows) // self.size)))
