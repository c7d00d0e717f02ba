"""Which of many assets a page shows: a hundred rows of each kind of money, by name.

Totals, coverage and the headline are of all of them, whatever is shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from balances.core.assets import Kind
from balances.pages.components.context import Pages
from balances.pages.components.pagination import Paged
from balances.portfolio.levels_at import Asset
from balances.portfolio.totals import Total

#: Rows of a page: a thousand in one would stop the browser at every change.
ROWS = 100
#: By kind of money, which page of its assets an address asks for.
PAGE_NAMES: dict[Kind, str] = {"production": "assets_page", "testnet": "testnet_page"}


@dataclass(frozen=True, slots=True)
class AssetPaging:
    """Where the pages of a list of assets are, and what its address says already."""

    base_url: str
    text: Mapping[str, str] = field(default_factory=dict)

    def of_kind(self, found: Iterable[Total], kind: Kind) -> tuple[Sequence[Total], Pages | None]:
        """Return the assets of a kind that are shown, and where one is among their pages."""
        return self.of_rows([one for one in found if one.kind == kind], PAGE_NAMES[kind])

    def of_rows(self, rows: Sequence[Total], name: str) -> tuple[Sequence[Total], Pages | None]:
        """Return the rows that are shown, and where one is among the pages, by this name.

        Real money comes first, then what there is something of, then the alphabet.
        """
        ordered = sorted(rows, key=lambda one: (one.kind, one.level.is_nothing, one.asset))
        paged = Paged(ordered, self.text, self.base_url, name, ROWS)
        return paged.shown(), paged.pages()

    def bounds(self, found: Sequence[Total]) -> dict[str, str]:
        """Return between which names the assets that are shown lie, if not all of them are."""
        told: dict[str, str] = {}
        for kind in PAGE_NAMES:
            shown, pages = self.of_kind(found, kind)
            if pages:
                names = sorted(one.asset for one in shown)
                told |= {f"{kind}_from": names[0], f"{kind}_to": names[-1]}
        return told


def is_within(one: Asset, bounds: Mapping[str, str]) -> bool:
    """Whether an asset lies within bounds; without any it does."""
    kind, asset = one
    first, last = bounds.get(f"{kind}_from"), bounds.get(f"{kind}_to")
    return first is None or last is None or first <= asset <= last
