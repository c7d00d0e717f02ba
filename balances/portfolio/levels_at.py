"""What the accounts of a scope held at an instant, added up: two statements, whatever they hold.

For levels and changes alone; what accounts stood at beside that is `portfolio.members_at`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.audit.past_labels import known_labels
from balances.core import sql
from balances.core.amounts import Level
from balances.core.assets import Kind, kind_of
from balances.portfolio.scope import Scope

Asset = tuple[Kind, str]
Levels = dict[Asset, Level]
NOTHING = Level(0, 0, 0, 0, 1)
NOBODYS_THEN = "No account whose figures you may see was there at that time."

# An account is known from its first snapshot on; before it is unknown, which is not zero.
_KNOWN = """
SELECT a.id, a.environment, EXISTS (
    SELECT FROM balances_snapshot s WHERE s.account_id = a.id AND s.observed_at <= %s)
FROM accounts_account a WHERE a.id = ANY(%s)
"""

# One look-up by primary key a holding, backwards through the months.
_AT = """
FROM balances_holding h CROSS JOIN LATERAL (
    SELECT * FROM balances_change c
    WHERE c.holding_id = h.id AND c.valid_from <= {at} ORDER BY c.valid_from DESC LIMIT 1
) c
WHERE h.account_id = ANY(%(accounts)s)
    AND (%(asset)s::text IS NULL OR h.asset = %(asset)s::text)
"""
_HELD = f"""
SELECT h.account_id, h.asset, c.total, c.available, c.pending_in, c.pending_out, c.scale
{_AT.format(at="%(at)s")}
"""
# Each instant in a part of its own, so that later months are left out while it is planned.
_TOGETHER = """
SELECT {number}, sum(c.total), sum(c.available), sum(c.pending_in), sum(c.pending_out), c.scale
{held} GROUP BY c.scale
"""


@dataclass(frozen=True, slots=True)
class Then:
    """Accounts at an instant, each with its environment, and what those that are known held."""

    known: Mapping[int, str]
    unknown: Mapping[int, str]
    rows: Sequence[tuple[Any, ...]]

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


def held_at(scope: Scope, at: datetime, *, in_totals: bool) -> Then:
    """Return the accounts of a scope at an instant."""
    ids = scope.ids_at(at, in_totals=in_totals)
    with sql.one_view():  # who is known and what they held belong together
        found = sql.rows(_KNOWN, [at, sql.ids(ids)])
        known, unknown = (
            {pk: where for pk, where, is_known in found if is_known == wanted}
            for wanted in (True, False)
        )
        return Then(known, unknown, held_by(known, at))


def held_by(
    accounts: Collection[int], at: datetime, asset: str | None = None
) -> list[tuple[Any, ...]]:
    """Return what accounts held at an instant: account, asset, four amounts, scale."""
    if not accounts:
        return []
    return sql.rows(_HELD, {"at": at, "accounts": sql.ids(accounts), "asset": asset})


def held_together(
    accounts: Collection[int], asset: str, instants: Sequence[datetime]
) -> list[Level]:
    """Return what accounts held together of an asset at each instant."""
    sums = [NOTHING] * len(instants)
    if not accounts:
        return sums
    parts = (
        _TOGETHER.format(number=number, held=_AT.format(at=f"%(at_{number})s"))
        for number in range(len(instants))
    )
    at = {f"at_{number}": instant for number, instant in enumerate(instants)}
    values = {"accounts": sql.ids(accounts), "asset": asset, **at}
    for number, *amounts in sql.rows(" UNION ALL ".join(parts), values):
        sums[number] += Level(*map(int, amounts))
    return sums


def holding(accounts: Collection[int], asset: str, at: datetime) -> set[int]:
    """Return those of the accounts that held any of an asset, or had any on its way."""
    return {
        account
        for account, _, *amounts in held_by(accounts, at, asset)
        if not Level(*map(int, amounts)).is_nothing
    }


def labels(scope: Scope, at: datetime, ids: Collection[int]) -> tuple[str, ...]:
    """Return what the reader may call accounts that were in a scope at an instant."""
    return tuple(sorted(labelled(scope, at, ids).values()))


def labelled(scope: Scope, at: datetime, ids: Collection[int]) -> dict[int, str]:
    """Return the same by account."""
    return known_labels(scope.user, ids, scope.at(at)) if ids else {}
