"""What the accounts of a scope held at an instant, added up: two statements, whatever they hold.

For levels and changes alone; what accounts stood at beside that is `portfolio.members_at`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.naming import name_as_known
from balances import sql
from balances.amounts import Level
from balances.portfolio import Kind, kind_of
from balances.scopes import Scope

Asset = tuple[Kind, str]
Levels = dict[Asset, Level]
NOTHING = Level(0, 0, 0, 0, 1)

# An account is known from its first snapshot on; before it is unknown, which is not zero.
_KNOWN = """
SELECT a.id, a.environment, EXISTS (
    SELECT FROM balances_snapshot s WHERE s.account_id = a.id AND s.observed_at <= %s)
FROM accounts_account a WHERE a.id = ANY(%s)
"""

# One look-up by primary key a holding, backwards through the months.
_HELD = """
SELECT h.account_id, h.asset, c.total, c.available, c.pending_in, c.pending_out, c.scale
FROM balances_holding h CROSS JOIN LATERAL (
    SELECT * FROM balances_change c
    WHERE c.holding_id = h.id AND c.valid_from <= %(at)s ORDER BY c.valid_from DESC LIMIT 1
) c
WHERE h.account_id = ANY(%(accounts)s)
    AND (%(asset)s::text IS NULL OR h.asset = %(asset)s::text)
"""


@dataclass(frozen=True, slots=True)
class Then:
    """Accounts at an instant, each with its environment, and what those that are known held."""

    known: Mapping[int, str]
    unknown: Mapping[int, str]
    rows: Sequence[tuple[Any, ...]]

    def of_kind(self, asset: str, kind: Kind) -> set[int]:
        """Return the known accounts in which an asset of this name is this kind of money."""
        return {pk for pk, where in self.known.items() if kind_of(where, asset) == kind}

    def levels(self, only: Collection[int]) -> Levels:
        """Return what these of the accounts held together, of each asset."""
        alike: dict[tuple[str, str, Any], list[Sequence[Any]]] = defaultdict(list)
        for account, asset, *amounts, scale in self.rows:
            if account in only:
                alike[self.known[account], asset, scale].append(amounts)
        sums: Levels = {}
        for (environment, asset, scale), parts in alike.items():
            one = kind_of(environment, asset), asset
            total, available, pending_in, pending_out = (
                sum(map(int, column)) for column in zip(*parts, strict=True)
            )
            level = Level(total, available, pending_in, pending_out, int(scale))
            sums[one] = sums[one] + level if one in sums else level
        return sums

    def parts(self) -> defaultdict[Asset, dict[int, Level]]:
        """Return, by asset, what each account held that held any of it or had any on its way."""
        found: defaultdict[Asset, dict[int, Level]] = defaultdict(dict)
        for account, asset, *amounts in self.rows:
            level = Level(*map(int, amounts))
            if not level.is_nothing:
                found[kind_of(self.known[account], asset), asset][account] = level
        return found


def held_at(scope: Scope, at: datetime, *, in_totals: bool, asset: str | None = None) -> Then:
    """Return the accounts of a scope at an instant; with `asset` nothing else that they held."""
    ids = scope.ids_at(at, in_totals=in_totals)
    with sql.one_view():  # who is known and what they held belong together
        found = sql.rows(_KNOWN, [at, sql.ids(ids)])
        known, unknown = (
            {pk: where for pk, where, is_known in found if is_known == wanted}
            for wanted in (True, False)
        )
        return Then(known, unknown, held_by(known, at, asset))


def held_by(
    accounts: Collection[int], at: datetime, asset: str | None = None
) -> list[tuple[Any, ...]]:
    """Return what accounts held at an instant: account, asset, four amounts, scale."""
    if not accounts:
        return []
    return sql.rows(_HELD, {"at": at, "accounts": sql.ids(accounts), "asset": asset})


def labels(scope: Scope, at: datetime, ids: Collection[int]) -> tuple[str, ...]:
    """Return what the reader may call accounts that were in a scope at an instant."""
    return tuple(sorted(labelled(scope, at, ids).values()))


def labelled(scope: Scope, at: datetime, ids: Collection[int]) -> dict[int, str]:
    """Return the same by account."""
    if not ids:
        return {}
    tenures = list(scope.at(at).filter(account__in=list(ids)))
    name_as_known(scope.user, tenures)
    return {tenure.account_id: tenure.account.label for tenure in tenures}
