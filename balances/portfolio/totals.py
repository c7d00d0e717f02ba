"""What accounts hold together of each asset, added up from what is loaded, or by PostgreSQL.

Of thousands of accounts only the sums are asked for; nothing is loaded of what one of them holds.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any

from balances.core import sql
from balances.core.amounts import Level
from balances.core.assets import Kind, asset_key, environments_of, kind_of
from balances.history.status import slug_of
from balances.portfolio.members import SOMETHING, THEIRS, TURNED, Held, Member, total, with_holdings

Holder = tuple[Member, Held]


@dataclass(frozen=True, slots=True)
class Covered:
    """How many accounts should be in a figure, and of those are fresh, unknown, partial, failing.

    The oldest was seen longest ago. Archived ones are in no figure. Of an asset's total every
    account is expected that could hold it; `holders` do, and so many of them are fresh.
    """

    expected: int
    fresh: int
    unknown: int
    partial: int
    oldest: Member | None
    failing: int = 0
    holders: int = 0
    fresh_holders: int = 0

    def held_by(self, holders: int, fresh: int) -> "Covered":
        """Return the same of an asset that so many of the accounts hold."""
        return replace(self, holders=holders, fresh_holders=fresh)


@dataclass(frozen=True, slots=True)
class Total:
    """One asset in all accounts that hold it; real money and test money of a name are two.

    `flagged` are those whose figure is odd; `holders`, if they are loaded, all of them.
    """

    asset: str
    kind: Kind
    level: Level
    count: int
    covered: Covered
    flagged: tuple[tuple[Member, tuple[str, ...]], ...]
    holders: tuple[Holder, ...] = ()


def covered(members: Iterable[Member], at: datetime) -> Covered:
    """Return how far a figure of these accounts may be trusted."""
    counted = [member for member in members if not member.is_archived]
    seen = [member for member in counted if member.stand.sight]
    return Covered(
        expected=len(counted),
        fresh=sum(member.stand.is_fresh(at) for member in seen),
        unknown=len(counted) - len(seen),
        partial=sum(member.stand.is_partial for member in counted),
        oldest=min(seen, key=_seen_at, default=None),
        failing=sum(slug_of(member.stand, at) == "failed" for member in counted),
    )


def _seen_at(member: Member) -> datetime:
    assert member.stand.sight is not None  # noqa: S101 - that of members who were seen
    return member.stand.sight.observed_at


def coverings(
    members: Sequence[Member], assets: Iterable[tuple[str, Kind]], at: datetime
) -> dict[tuple[str, Kind], Covered]:
    """Return how whole the totals of assets are: over every account that could hold them.

    Who was not seen with an asset holds none of it as of when it was seen, which may be long ago;
    who was never seen may hold any.
    """
    environments = {
        (asset, kind): environments_of(asset, as_test_money=kind == "testnet")
        for asset, kind in assets
    }
    found = {
        some: covered((one for one in members if one.account.environment in some), at)
        for some in set(environments.values())
    }
    return {asset: found[some] for asset, some in environments.items()}


def added_up(members: Sequence[Member], at: datetime) -> list[Total]:
    """Return what accounts hold together, each with its holders, of what is loaded of them."""
    found: dict[tuple[str, Kind], list[Holder]] = defaultdict(list)
    for member in members:
        for held in member.holdings:
            found[held.asset, held.kind].append((member, held))
    whole = coverings(members, found, at)
    return [
        Total(
            asset=asset,
            kind=kind,
            level=total(held for _, held in holders),
            count=len(holders),
            covered=whole[asset, kind].held_by(*held_and_fresh(holders, at)),
            flagged=tuple((member, held.flags) for member, held in holders if held.flags),
            holders=tuple(holders),
        )
        for (asset, kind), holders in found.items()
    ]


def held_and_fresh(holders: Iterable[Holder], at: datetime) -> tuple[int, int]:
    """Return how many hold more than nothing, and how many of these are fresh."""
    found = [member.is_fresh(at) for member, held in holders if not held.level.is_nothing]
    return len(found), sum(found)


_SUMS = f"""
{TURNED}
SELECT h.asset, a.environment, sum(h.total), sum(h.available), sum(h.pending_in),
    sum(h.pending_out), h.scale, count(*), count(*) FILTER (WHERE {SOMETHING}),
    count(*) FILTER (WHERE {SOMETHING} AND m.is_fresh),
    (jsonb_agg(jsonb_build_array(m.place, h.flags)) FILTER (WHERE h.flags <> '{{}}'))::text
FROM unnest(%(accounts)s::bigint[], %(fresh)s::int[]::boolean[])
    WITH ORDINALITY AS m(id, is_fresh, place)
JOIN accounts_account a ON a.id = m.id JOIN balances_holding h ON h.account_id = m.id {THEIRS}
GROUP BY h.asset, a.environment, h.scale
"""  # noqa: S608 - fixed text


def of_today(members: Sequence[Member], at: datetime, opened: Collection[str]) -> list[Total]:
    """Return what accounts hold together today, the open ones with their holders.

    None of them is archived. One statement, and one for each open row.
    """
    parts: dict[tuple[str, Kind], list[Sequence[Any]]] = defaultdict(list)
    accounts = sql.ids(member.account.id for member in members)
    fresh = sql.ids(int(member.is_fresh(at)) for member in members)
    for asset, environment, *part in sql.rows(_SUMS, {"accounts": accounts, "fresh": fresh}):
        parts[asset, kind_of(environment, asset)].append(part)
    whole = coverings(members, parts, at)
    found = (_total(asset, kind, parts[asset, kind], members, whole) for asset, kind in parts)
    return [
        replace(one, holders=_holders(members, one))
        if asset_key(one.asset, one.kind) in opened
        else one
        for one in found
    ]


def _total(
    asset: str,
    kind: Kind,
    parts: Sequence[Sequence[Any]],
    members: Sequence[Member],
    whole: Mapping[tuple[str, Kind], Covered],
) -> Total:
    """Put together an asset's sums, of which there is one for each environment and scale."""
    flagged = sorted(
        (place, flags) for part in parts for place, flags in json.loads(part[8] or "[]")
    )
    return Total(
        asset=asset,
        kind=kind,
        level=reduce(add, (Level(*map(int, part[:5])) for part in parts)),
        count=sum(part[5] for part in parts),
        covered=whole[asset, kind].held_by(
            sum(part[6] for part in parts), sum(part[7] for part in parts)
        ),
        flagged=tuple((members[place - 1], tuple(flags)) for place, flags in flagged),
    )


def _holders(members: Sequence[Member], of: Total) -> tuple[Holder, ...]:
    return tuple(
        (member, held)
        for member in with_holdings(members, of.asset)
        for held in member.holdings
        if held.kind == of.kind
    )


def kinds(found: Iterable[Total]) -> list[tuple[str, Kind]]:
    """Return what may be shown alone: real money first, each by name."""
    return sorted(((one.asset, one.kind) for one in found), key=lambda pair: (pair[1], pair[0]))
