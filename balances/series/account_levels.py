"""Levels of one account's asset over time: each holds until the next change, nothing is added up.

Time is cut at the points, and where the account becomes known or leaves: so between two cuts it is
known throughout or not at all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import chain

from accounts.access.querysets import Span
from balances.core import sql
from balances.core.amounts import Level, Reached
from balances.core.instants import TICK
from balances.core.intervals import counts

Instants = Sequence[datetime]

#: All that is reached on the way to a cut or a point, in the order of time; the last is where it
#: leads to. A part for each scale, with the extremes meanwhile.
Way = tuple[Reached, ...]
#: What changed between two cuts, and whether it began at once, so that nothing was carried past the
#: cut before.
Change = tuple[Way, bool]

_NOTHING = Reached(Level(0, 0, 0, 0, 1), 0, 0)


def of_account(
    account_id: int, asset: str, points: Instants, spans: Sequence[Span], known: Sequence[Span]
) -> list[Reached | None]:
    """Return what was reached at each of the points, which ascend; nothing where it is unknown.

    It may be shown in `spans`, and is known in `known`, which lie in those. Both are in order.
    """
    cuts = _cuts(points, known)
    holding = _holding(account_id, asset)
    changes = {} if holding is None else _changes(holding, cuts)
    ways = list(_at_points(points, cuts, list(_ways(changes, counts(known, cuts)))))
    scales = set() if holding is None else _newest_scales(holding, spans)
    finest = max({1, *scales, *_scales_of(ways)})
    return [_together(way, finest) for way in ways]


def _cuts(points: Instants, known: Sequence[Span]) -> list[datetime]:
    edges = (at - TICK for span in known for at in span if at is not None)
    return sorted({*points, *(edge for edge in edges if points[0] < edge < points[-1])})


@dataclass(frozen=True, slots=True)
class _Holding:
    id: int
    changed_at: datetime
    scale: int
    is_nothing: bool


def _holding(account_id: int, asset: str) -> _Holding | None:
    found = sql.rows(
        "SELECT id, changed_at, scale, total + available + pending_in + pending_out = 0"
        " FROM balances_holding WHERE account_id = %s AND asset = %s",
        [account_id, asset],
    )
    return _Holding(*found[0]) if found else None


# A row for each two cuts between which anything changed, of each scale: the newest change there,
# and the extremes. To the first cut there is the newest change alone: it holds since before.
# The newest is the largest row, whose first column is its instant: no other way reads each change
# but once and sorts nothing.
_CHANGES = """
SELECT place, max((valid_from, total, available, pending_in, pending_out, scale))::text,
    min(total), max(total), min(valid_from)
FROM (
    SELECT *, width_bucket(valid_from - interval '1 microsecond', %(cuts)s::timestamptz[]) AS place
    FROM (
        (SELECT valid_from, total, available, pending_in, pending_out, scale FROM balances_change
        WHERE holding_id = %(holding)s AND valid_from <= %(first)s
        ORDER BY valid_from DESC LIMIT 1)
        UNION ALL
        SELECT valid_from, total, available, pending_in, pending_out, scale FROM balances_change
        WHERE holding_id = %(holding)s AND valid_from > %(first)s AND valid_from <= %(last)s
    ) AS change
) AS placed
GROUP BY place, scale ORDER BY place, max(valid_from)
"""


def _changes(holding: _Holding, cuts: Instants) -> dict[int, Change]:
    """Return what changed on the way to each cut, by its index."""
    ends = {"first": cuts[0], "last": cuts[-1]}
    values = {"holding": holding.id, "cuts": sql.instants(cuts), **ends}
    found: dict[int, Change] = {}
    for place, newest, low, high, since in sql.rows(_CHANGES, values):
        _, *amounts = newest[1:-1].split(",")
        one = Reached(Level(*map(int, amounts)), int(low), int(high))
        is_at_once = place == 0 or since == cuts[place - 1] + TICK
        way, was_at_once = found.get(place, ((), False))
        found[place] = (*way, one), was_at_once or is_at_once
    return found


def _ways(changes: Mapping[int, Change], known: Sequence[int]) -> Iterator[Way]:
    """Yield all that is reached on the way to each cut; nothing while the account is unknown.

    What was held before is part of the way, unless a change came at once.
    """
    held: Way = (_NOTHING,)
    for place, is_known in enumerate(known):
        changed = changes.get(place)
        if changed is None:
            yield held if is_known else ()
            continue
        way, is_at_once = changed
        if is_known:
            yield way if is_at_once else held + way
        else:
            yield ()
        held = (_alone(way[-1].level),)


def _at_points(points: Instants, cuts: Instants, ways: Sequence[Way]) -> Iterator[Way]:
    """Yield all that is reached on the way to each point, past all cuts that lie there."""
    place = -1
    for point in points:
        first = place + 1
        while place < 0 or cuts[place] < point:
            place += 1
        last = ways[place]
        if place == first or not last:
            yield last
        elif place < first:  # the same point again: nothing lies between
            yield (_alone(last[-1].level),)
        else:
            yield tuple(chain.from_iterable(ways[first : place + 1]))


def _scales_of(ways: Iterable[Way]) -> set[int]:
    """Return the scales of what is not zero: of that no scale matters."""
    return {one.level.scale for way in ways for one in way if not _is_nothing(one)}


def _alone(level: Level) -> Reached:
    return Reached(level, level.total, level.total)


def _is_nothing(one: Reached) -> bool:
    return one.high == 0 and one.level.is_nothing


def _together(way: Way, scale: int) -> Reached | None:
    """Return where a way leads to, with its extremes; nothing if it is unknown."""
    return reduce(_past, [_at_scale(one, scale) for one in way]) if way else None


def _past(before: Reached, one: Reached) -> Reached:
    return Reached(one.level, min(before.low, one.low), max(before.high, one.high))


def _at_scale(one: Reached, scale: int) -> Reached:
    if one.level.scale == scale:
        return one
    if _is_nothing(one):
        return _alone(Level(0, 0, 0, 0, scale))
    factor = scale // one.level.scale
    return Reached(one.level.at_scale(scale), one.low * factor, one.high * factor)


# The newest change within a stretch of time, or what was held when it began.
_NEWEST = """
SELECT scale FROM (
    SELECT * FROM balances_change WHERE holding_id = %s AND valid_from < %s
    ORDER BY valid_from DESC LIMIT 1
) newest WHERE valid_from >= %s OR total + available + pending_in + pending_out > 0
"""


def _newest_scales(holding: _Holding, spans: Sequence[Span]) -> set[int]:
    """Return the newest scale of each stretch of time, if anything was held or changed in it.

    That of an asset which others held before or after would tell that they did.
    """
    found = set()
    for began, ended in spans:
        if ended is not None:
            found |= {int(scale) for (scale,) in sql.rows(_NEWEST, [holding.id, ended, began])}
        elif holding.changed_at >= began or not holding.is_nothing:
            found.add(int(holding.scale))
    return found
