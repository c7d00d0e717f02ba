"""Levels of sums over time, exact, for whole owners and single accounts.

A point's level is what was held as of its instant, a change at that very instant included. Low and
high are extremes of the total since the point before: of every level for one account, of levels at
hour ends where amounts are added up. The first point has none before it: its extremes are its own.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

from accounts.access.querysets import Span
from balances.core import sql
from balances.core.amounts import Level, Reached, digits_of
from balances.core.instants import TICK
from balances.core.intervals import counts
from balances.series import account_levels, rollup_sql
from balances.series.hour_cuts import HOUR, floor
from balances.series.rollup_sql import Reach

Instants = Sequence[datetime]


def of_asset(
    reach: Reach, asset: str, points: Instants, known: Sequence[Span]
) -> list[Reached | None]:
    """Return what was reached at each of the points, which ascend; nothing where it is unknown.

    `known` are the stretches of time in which anything is known, apart from each other and in
    order. No level outside them is an extreme.
    """
    if reach.is_one_account:
        spans = [span for _, span in reach.stays]
        return account_levels.of_account(reach.stays[0][0], asset, points, spans, known)
    given = rollup_sql.values(reach, points) | rollup_sql.by_hours(points)
    began = [at for at, _ in known if points[0] < at <= points[-1]]
    given |= {"asset": asset, "known": _multirange(known), "known_since": sql.instants(began)}
    rows = {row[0]: row[1:] for row in sql.rows(rollup_sql.one_asset(reach), given)}
    texts = (text for row in rows.values() for text in row[:6] if text)
    finest = max((_places(text) for text in texts if text.strip("-0.")), default=0)
    finest = max(finest, digits_of(_finest_scale(reach, asset)))
    reached = _reached(rows, finest, _carried(points, known))
    is_known = counts(known, points)
    return [one if there else None for one, there in zip(reached, is_known, strict=True)]


def _reached(
    rows: Mapping[int, Sequence[Any]], places: int, carried: Sequence[datetime | None]
) -> Iterator[Reached]:
    level, scale = [0, 0, 0, 0], 10**places
    for index, begin in enumerate(carried):
        row = rows.get(index)
        is_carried = begin is not None and (row is None or row[6] > begin)
        extremes = [level[0]] if is_carried else []
        if row is not None:
            level = [a + units_of(text, places) for a, text in zip(level, row[:4], strict=True)]
            # On the way to the first point lies the whole past, which no chart of a range is about.
            on_the_way = row[4:6] if index else ()
            extremes += [units_of(text, places) for text in on_the_way if text is not None]
        extremes.append(level[0])
        yield Reached(_level(level, scale), min(extremes), max(extremes))


def _carried(points: Instants, known: Sequence[Span]) -> list[datetime | None]:
    """Return until when the level of the point before each is one of those on the way to it.

    Only the ends of hours are looked at; nothing, if it is none of them.
    """
    ends = [floor(before + TICK, HOUR) + HOUR - TICK for before in points[:-1]]
    begins = [min(end, point) for end, point in zip(ends, points[1:], strict=True)]
    is_known = counts(known, begins)
    return [None, *(at if there else None for at, there in zip(begins, is_known, strict=True))]


def of_all_assets(reach: Reach, points: Instants) -> dict[tuple[str, str], list[Level]]:
    """Return levels at the points, which ascend, by asset and environment. One statement.

    Assets that were never held up to the last point are missing.
    """
    given = rollup_sql.values(reach, points) | rollup_sql.by_days(points)
    deltas: dict[tuple[str, str], dict[int, Sequence[str]]] = defaultdict(dict)
    for asset, environment, index, *texts in sql.rows(rollup_sql.all_assets(reach), given):
        deltas[asset, environment][index] = texts
    return {key: _levels(rows, len(points)) for key, rows in deltas.items()}


def _levels(deltas: Mapping[int, Sequence[str]], count: int) -> list[Level]:
    places = max(_places(text) for texts in deltas.values() for text in texts)
    nothing = ("0", "0", "0", "0")
    four = zip(*(deltas.get(index, nothing) for index in range(count)), strict=True)
    columns = [list(accumulate(units_of(text, places) for text in column)) for column in four]
    return [_level(amounts, 10**places) for amounts in zip(*columns, strict=True)]


def _level(four: Sequence[int], scale: int) -> Level:
    total, available, pending_in, pending_out = four
    return Level(total, available, pending_in, pending_out, scale)


def _places(text: str) -> int:
    return len(text.partition(".")[2])


def units_of(text: str, places: int) -> int:
    """Return a plain decimal in base units of so many places, which are at least its own."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(places, "0"))


def _multirange(spans: Sequence[Span]) -> str:
    until = ("" if ended is None else ended.isoformat() for _, ended in spans)
    ranges = (f"[{began.isoformat()},{end})" for (began, _), end in zip(spans, until, strict=True))
    return "{" + ",".join(ranges) + "}"


# The newest scale of each stay, if anything was held or changed in it: that of an asset which
# others held before or after would tell that they did.
_SCALE = """
WITH mine AS (
    SELECT * FROM unnest(%(accounts)s::bigint[], %(began)s::timestamptz[], %(ended)s::timestamptz[])
        AS stay(account_id, began, ended)
    UNION ALL
    SELECT account_id, began_at, ended_at FROM accounts_tenure t
    WHERE t.organization_id = ANY(%(organizations)s) OR t.owner_id = ANY(%(persons)s)
)
SELECT coalesce(max(newest.scale), 1)
FROM mine JOIN balances_holding h ON h.account_id = mine.account_id AND h.asset = %(asset)s
CROSS JOIN LATERAL (
    SELECT h.scale, h.changed_at, h.total + h.available + h.pending_in + h.pending_out
    WHERE mine.ended IS NULL
    UNION ALL
    (SELECT c.scale, c.valid_from, c.total + c.available + c.pending_in + c.pending_out
    FROM balances_change c
    WHERE mine.ended IS NOT NULL AND c.holding_id = h.id AND c.valid_from < mine.ended
    ORDER BY c.valid_from DESC LIMIT 1)
) AS newest(scale, since, amounts)
WHERE newest.since >= mine.began OR newest.amounts > 0
"""


def _finest_scale(reach: Reach, asset: str) -> int:
    """Return the finest scale that the asset had at last, so that zero has its places too."""
    given = {
        "asset": asset,
        "accounts": [i for i, _ in reach.stays],
        "began": [began for _, (began, _) in reach.stays],
        "ended": [ended for _, (_, ended) in reach.stays],
        "organizations": list(reach.organizations),
        "persons": list(reach.persons),
    }
    return int(sql.rows(_SCALE, given)[0][0])
