"""Which rows of a page are open, and the addresses that open the others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, urlencode
from uuid import UUID

from django.urls import reverse

from accounts.models import Account
from balances.core.assets import Kind, asset_key
from balances.pages.components.context import Opening


@dataclass(frozen=True, slots=True)
class Openings:
    """The open rows of one page, each by its key: `production:BTC`, `account:<uid>`."""

    opened: frozenset[str]
    address: str
    #: What the addresses of parts say too: which accounts the page is about, and as of when.
    kept: Mapping[str, str] = field(default_factory=dict)
    #: What else the addresses of an asset's parts say.
    asked: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        page_url: str,
        query: Mapping[str, str],
        opened: Iterable[str],
        kept: Mapping[str, str] | None = None,
    ) -> "Openings":
        """Return those of a page that was asked for with `query` and these rows open."""
        known = frozenset(opened)
        pairs = [*query.items(), *(("open", key) for key in sorted(known))]
        return cls(known, f"{page_url}?{urlencode(pairs)}{'&' if pairs else ''}", kept or {})

    def shows(self, asset: str, kind: Kind) -> bool:
        """Whether an asset's row is open."""
        return asset_key(asset, kind) in self.opened

    def shows_account(self, account: Account) -> bool:
        """Whether an account's row is open."""
        return _account_key(account) in self.opened

    def of_asset(self, asset: str, kind: Kind) -> Opening:
        """Return how an asset opens into its accounts."""
        wanted = urlencode({**self.kept, "asset": asset, "kind": kind, **self.asked})
        return self._opening(asset_key(asset, kind), f"{reverse('overview-asset')}?{wanted}")

    def of_account(self, account: Account) -> Opening:
        """Return how an account opens into its assets."""
        parts_url = _parts_of(account.uid)
        if at := self.kept.get("at"):
            parts_url = f"{parts_url}?{urlencode({'at': at})}"
        return self._opening(_account_key(account), parts_url)

    def _opening(self, key: str, parts_url: str) -> Opening:
        name = quote(key)
        return Opening(key, parts_url, f"{self.address}open={name}#row-{name}", key in self.opened)


def _account_key(account: Account) -> str:
    return f"account:{account.uid}"


@lru_cache(maxsize=10_000)
def _parts_of(uid: UUID) -> str:
    return reverse("account-parts", args=[uid])


def the_one(key: str) -> Openings:
    """Return the openings of a fragment: that row alone is open."""
    return Openings(frozenset({key}), "?")
