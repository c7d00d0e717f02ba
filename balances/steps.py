"""Levels of one account's asset over time: each holds until the next change, nothing is added up.

Time is cut at the points, and where the account becomes known or leaves: so between two cuts it is
known throughout or not at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.access import Span
from balances import sql
from balances.amounts import Level, Reached
from balances.buckets import TICK
from balances.spans import counts

Instants = Sequence[datetime]

#: What changed between two cuts while the scale was one: the level that came of it, its extremes,
#: and whether it began at once, so that nothing was carried past the cut before.
Change = tuple[Reached, bool]

_NOTHING = Level(0, 0, 0, 0, 1)


def of_account(
    account_id: int, asset: str, points: Instants, spans: Sequence[Span], known: Sequence[Span]
) -> list[Reached | None]:
    """Return what was reached at each of the points, which ascend; nothing where it is unknown.

    It may be shown in `spans`, and is known in `known`, which lie in those. Both are in order.
    """
    cuts = _cuts(points, known)
    known_at = counts(known, cuts)
    holding = _holding(account_id, asset)
    changes = {} if holding is None else _changes(holding, cuts)
    scales = set() if holding is None else _newest_scales(holding, spans)
    finest = max({1, *scales, *_scales_of(_shown(changes, known_at))})
    at_scale = {i: [(_at_scale(a, finest), b) for a, b in found] for i, found in changes.items()}
    reached = list(_reached(at_scale, known_at, _NOTHING.at_scale(finest)))
    return list(_at_points(points, cuts, reached))


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
WITH change AS (
    (SELECT valid_from, total, available, pending_in, pending_out, scale FROM balances_change
    WHERE holding_id = %(holding)s AND valid_from <= %(first)s ORDER BY valid_from DESC LIMIT 1)
    UNION ALL
    SELECT valid_from, total, available, pending_in, pending_out, scale FROM balances_change
    WHERE holding_id = %(holding)s AND valid_from > %(first)s AND valid_from <= %(last)s
), cut AS MATERIALIZED (SELECT %(cuts)s::timestamptz[] AS at)
SELECT place, max((valid_from, total, available, pending_in, pending_out, scale))::text,
    min(total), max(total),
    place = 0 OR min(valid_from) = cut.at[place] + interval '1 microsecond'
FROM change CROSS JOIN cut
CROSS JOIN LATERAL width_bucket(valid_from - interval '1 microsecond', cut.at) AS place
GROUP BY place, scale, cut.at[place] ORDER BY place, max(valid_from)
"""


def _changes(holding: _Holding, cuts: Instants) -> dict[int, list[Change]]:
    """Return what changed on the way to each cut, by its index."""
    ends = {"first": cuts[0], "last": cuts[-1]}
    values = {"holding": holding.id, "cuts": sql.instants(cuts), **ends}
    found: dict[int, list[Change]] = defaultdict(list)
    for place, newest, low, high, is_at_once in sql.rows(_CHANGES, values):
        amounts = map(int, newest.strip("()").split(",")[1:])
        found[place].append((Reached(Level(*amounts), int(low), int(high)), is_at_once))
    return found


def _shown(changes: Mapping[int, Sequence[Change]], known: Sequence[int]) -> Iterator[Reached]:
    """Yield what is said of the time in which the account is known."""
    held = _alone(_NOTHING)
    for place, is_known in enumerate(known):
        changed = changes.get(place, ())
        if is_known:
            yield held
            yield from (one for one, _ in changed)
        if changed:
            held = _alone(changed[-1][0].level)


def _scales_of(shown: Iterable[Reached]) -> set[int]:
    """Return the scales of what is not zero: of that no scale matters."""
    return {one.level.scale for one in shown if not _is_nothing(one)}


def _alone(level: Level) -> Reached:
    return Reached(level, level.total, level.total)


def _is_nothing(one: Reached) -> bool:
    return one.high == 0 and one.level.is_nothing


def _at_scale(one: Reached, scale: int) -> Reached:
    if one.level.scale == scale:
        return one
    if _is_nothing(one) or scale < one.level.scale:  # the latter while unknown: nobody is shown it
        return _alone(_NOTHING.at_scale(scale))
    factor = scale // one.level.scale
    return Reached(one.level.at_scale(scale), one.low * factor, one.high * factor)


def _reached(
    changes: Mapping[int, Sequence[Change]], known: Sequence[int], nothing: Level
) -> Iterator[Reached | None]:
    """Yield what was reached at each cut; nothing while the account is unknown."""
    held = _alone(nothing)
    for place, is_known in enumerate(known):
        changed = changes.get(place)
        if changed is None:
            yield held if is_known else None
            continue
        way = [one for one, _ in changed]
        if not any(is_at_once for _, is_at_once in changed):
            way.append(held)
        held = _alone(changed[-1][0].level)
        yield _with_extremes(held.level, way) if is_known else None


def _with_extremes(level: Level, way: Iterable[Reached]) -> Reached:
    ends = [(one.low, one.high) for one in way]
    return Reached(level, min(low for low, _ in ends), max(high for _, high in ends))


def _at_points(
    points: Instants, cuts: Instants, reached: Sequence[Reached | None]
) -> Iterator[Reached | None]:
    """Yield what was reached at each point, with the extremes of all cuts on the way there."""
    place = -1
    for point in points:
        first = place + 1
        while place < 0 or cuts[place] < point:
            place += 1
        last = reached[place]
        if last is None or place == first:
            yield last
        else:  # several cuts lie on the way, or none: the same point again
            way = [one for one in reached[first : place + 1] if one is not None]
            yield _with_extremes(last.level, [*way, _alone(last.level)])


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
