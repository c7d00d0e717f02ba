"""Amounts over time: the SQL behind charts, exact, for any set of accounts and one asset.

A series is a base (the level at its first instant) plus the deltas up to each later one. Values
carry into instants without a change; before an account's first snapshot it is unknown, not zero.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from typing import Literal

from balances import sql
from balances.amounts import Level, base_units_of
from balances.observed import fresh_stretches

Seen = Literal["observed", "carried", "unknown"]

#: No chart has more points than this.
MOST_POINTS = 500


@dataclass(frozen=True, slots=True)
class Point:
    """The level of an asset at an instant, and how many of the accounts in it were fresh."""

    at: datetime
    level: Level | None
    fresh: int
    expected: int

    @property
    def seen(self) -> Seen:
        """Observed if every account in it was fresh, carried if not, unknown without any."""
        if self.level is None:
            return "unknown"
        return "observed" if self.fresh == self.expected else "carried"


def series(account_ids: Sequence[int], asset: str, instants: Sequence[datetime]) -> list[Point]:
    """Return a point for every instant; `instants` ascend and there is at least one."""
    ids = list(account_ids)
    known = first_seen(ids)
    covers = fresh_stretches(ids, instants[0], instants[-1])
    levels = _levels(ids, asset, list(instants))
    return [
        _point(at, level, [i for i, first in known.items() if first <= at], covers)
        for at, level in zip(instants, levels, strict=True)
    ]


def _point(
    at: datetime,
    level: Level,
    known: list[int],
    covers: dict[int, list[tuple[datetime, datetime]]],
) -> Point:
    fresh = sum(_is_covered(covers[account_id], at) for account_id in known)
    return Point(at, level if known else None, fresh, len(known))


def _is_covered(stretches: list[tuple[datetime, datetime]], at: datetime) -> bool:
    index = bisect_right(stretches, at, key=lambda stretch: stretch[0]) - 1
    return index >= 0 and at <= stretches[index][1]


# Serves "since when is an account known".
_FIRST_SEEN = """
SELECT a.id, s.observed_at FROM unnest(%s::bigint[]) AS a(id) CROSS JOIN LATERAL (
    SELECT observed_at FROM balances_snapshot
    WHERE account_id = a.id ORDER BY observed_at LIMIT 1) s
"""


def first_seen(account_ids: list[int]) -> dict[int, datetime]:
    """Return when each account was seen first; unknown accounts are missing."""
    return dict(sql.rows(_FIRST_SEEN, [account_ids]))


_BASE = """
SELECT c.total, c.available, c.pending_in, c.pending_out, c.scale
FROM balances_holding h CROSS JOIN LATERAL (
    SELECT * FROM balances_change c
    WHERE c.holding_id = h.id AND c.valid_from <= %s ORDER BY c.valid_from DESC LIMIT 1
) c
WHERE h.account_id = ANY(%s) AND h.asset = %s
"""

# A change at exactly an instant belongs to it, hence the microsecond (the clock's resolution).
_DELTAS = """
SELECT width_bucket(c.valid_from - interval '1 microsecond', %(instants)s::timestamptz[]),
    sum(delta_total)::text, sum(delta_available)::text,
    sum(delta_pending_in)::text, sum(delta_pending_out)::text
FROM balances_holding h JOIN balances_change c ON c.holding_id = h.id
WHERE h.account_id = ANY(%(accounts)s) AND h.asset = %(asset)s
  AND c.valid_from > %(start)s AND c.valid_from <= %(end)s
GROUP BY 1
"""


def _levels(account_ids: list[int], asset: str, instants: list[datetime]) -> list[Level]:
    level = _base(account_ids, asset, instants[0])
    deltas = _deltas(account_ids, asset, instants)
    levels = []
    for index in range(len(instants)):
        if index in deltas:
            level = level + deltas[index]
        levels.append(level)
    finest = max(level.scale for level in levels)
    return [level.at_scale(finest) for level in levels]


def _base(account_ids: list[int], asset: str, at: datetime) -> Level:
    found = sql.rows(_BASE, [at, account_ids, asset])
    levels = [Level(*(int(value) for value in row)) for row in found]
    return reduce(add, levels, Level(0, 0, 0, 0, _scale_of(account_ids, asset)))


def _scale_of(account_ids: list[int], asset: str) -> int:
    """Return the finest scale that the asset has now, so that zero has its places too."""
    finest = "SELECT max(scale) FROM balances_holding WHERE account_id = ANY(%s) AND asset = %s"
    return int(sql.rows(finest, [account_ids, asset])[0][0] or 1)


def _deltas(account_ids: list[int], asset: str, instants: list[datetime]) -> dict[int, Level]:
    values = {
        "accounts": account_ids,
        "asset": asset,
        "instants": instants,
        "start": instants[0],
        "end": instants[-1],
    }
    return {row[0]: _delta(row[1:]) for row in sql.rows(_DELTAS, values)}


def _delta(texts: Sequence[str]) -> Level:
    return reduce(add, (_one(text, place) for place, text in enumerate(texts)))


def _one(text: str, place: int) -> Level:
    amount, scale = base_units_of(text)
    amounts = [0, 0, 0, 0]
    amounts[place] = amount
    return Level(amounts[0], amounts[1], amounts[2], amounts[3], scale)


def is_never_held(account_id: int, asset: str) -> bool:
    """Whether an account that is known was never seen with this asset."""
    holding, snapshot = sql.rows(
        "SELECT EXISTS (SELECT FROM balances_holding WHERE account_id = %s AND asset = %s),"
        " EXISTS (SELECT FROM balances_snapshot WHERE account_id = %s)",
        [account_id, asset, account_id],
    )[0]
    return bool(snapshot and not holding)


def evenly(start: datetime, end: datetime, points: int) -> list[datetime]:
    """Return `points` instants from `start` to `end`, both included."""
    if points == 1 or start == end:
        return [end] if points == 1 else [start] * points
    span = end - start
    return [start + span * index // (points - 1) for index in range(points)]
