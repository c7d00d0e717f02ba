"""The SQL of sums over time: what enters them when, from roll-ups where it can be.

Time up to the last point is cut into *pieces*. UTC days and hours that no point cuts are one row of
a roll-up each, the rest is raw changes. A day that points cut may be one row too, at one side of
the cuts, if its hours on the other side are moved there. Single accounts, for stretches of time,
are raw changes throughout, beginning with what they held at the first point.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.access.querysets import Span
from balances.core import sql
from balances.core.instants import TICK
from balances.series.hour_cuts import DAY, HOUR, DividedDays, cut_hours, floor

#: An account and a stretch of time in which it is in a sum.
Stay = tuple[int, Span]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose amounts are summed.

    Whole owners with everything that counts (`organizations` and `persons`, in `environments`),
    and single accounts for stretches of time (`stays`).
    """

    organizations: tuple[int, ...] = ()
    persons: tuple[int, ...] = ()
    environments: tuple[str, ...] = ()
    stays: tuple[Stay, ...] = ()

    @property
    def is_one_account(self) -> bool:
        """Whether nothing is added up, so that every level in between is known exactly."""
        return not (self.organizations or self.persons) and len({i for i, _ in self.stays}) == 1


def values(reach: Reach, points: Sequence[datetime]) -> dict[str, Any]:
    """Return what both statements of this module are given."""
    hours, edges = cut_hours(points), _edges(reach.stays, points)
    return {
        "organizations": list(reach.organizations),
        "persons": list(reach.persons),
        "environments": list(reach.environments),
        "accounts": [i for i, _ in reach.stays],
        "began": sql.instants(began for _, (began, _) in reach.stays),
        "ended": sql.instants(ended for _, (_, ended) in reach.stays),
        "edge_accounts": [i for i, _, _ in edges],
        "edge_at": sql.instants(at for _, at, _ in edges),
        "edge_sign": [sign for _, _, sign in edges],
        "points": sql.instants(points),
        "start": points[0],
        "end": points[-1],
        "cut_hours": sql.instants(hours),
        "cut_from": min(hours, default=points[-1]),
    }


def by_days(points: Sequence[datetime]) -> dict[str, Any]:
    """Return which days and hours `all_assets` reads."""
    days = DividedDays.of(points)
    return {
        "days_until": floor(points[-1] + TICK, DAY),
        "days_before": sql.instants(days.before),
        "moved_hours": sql.instants(days.moved),
    }


def by_hours(points: Sequence[datetime]) -> dict[str, Any]:
    """Return which days and hours `one_asset` reads: hours within the points, days before them."""
    return {
        "days_until": floor(points[0] + TICK, DAY),
        "days_before": "{}",
        "hours_until": floor(points[-1] + TICK, HOUR),
    }


def _edges(stays: Sequence[Stay], points: Sequence[datetime]) -> list[tuple[int, datetime, int]]:
    """Return who joins (1) or leaves (-1) between the points."""
    return [
        (i, at, sign)
        for i, span in stays
        for at, sign in zip(span, (1, -1), strict=True)
        if at is not None and points[0] < at <= points[-1]
    ]


_ORIGIN = "timestamptz '1970-01-01 00:00+00'"
_TICK = "interval '1 microsecond'"
_FOUR = ("total", "available", "pending_in", "pending_out")

# Base units in units: `1e-18` times them is exact where a division would not be.
_UNIT = "CAST(concat('1e-', length(c.scale::text) - 1) AS numeric)"
_LEVEL = ", ".join(f"sign * c.{name} * one" for name in _FOUR)
_DELTA = ", ".join(f"c.delta_{name}" for name in _FOUR)
_NEWEST = (
    "CROSS JOIN LATERAL (SELECT * FROM balances_change c WHERE c.holding_id = h.id"  # noqa: S608 - fixed text
    " AND c.valid_from {until} ORDER BY c.valid_from DESC LIMIT 1) c"
    f" CROSS JOIN LATERAL (SELECT {_UNIT} AS one) unit"
)


def _point_of(at: str) -> str:
    """Return the point that an instant lies before or at."""
    points = "%(points)s::timestamptz[]"
    return f"({points})[1 + width_bucket({at} - {_TICK}, {points})]"


#: An instant within a cut hour counts at the next point or at the hour's end.
_AT = (
    f"least(date_bin('1 hour', {{at}}, {_ORIGIN}) + interval '1 hour' - {_TICK},"
    f" {_point_of('{at}')})"
)


def _rolled_up(cut: str, at: str, lies: str) -> str:
    """Return pieces that are rows of a roll-up: of organizations, then of persons."""
    amounts = ", ".join(f"r.{name}" for name in _FOUR)
    select = (
        f"SELECT r.asset, r.environment, {at}, {amounts} FROM balances_rollup_{cut} r"  # noqa: S608 - fixed text
        f" WHERE r.environment = ANY(%(environments)s) AND {lies} {{asset}} AND "
    )
    whose = (
        "r.organization_id = ANY(%(organizations)s) AND r.owner_id IS NULL",
        "r.organization_id IS NULL AND r.owner_id = ANY(%(persons)s)",
    )
    return "\nUNION ALL\n".join(select + one for one in whose)


_HOUR_END = f"r.at + interval '1 hour' - {_TICK}"
_NOT_CUT = "r.at <> ALL(%(cut_hours)s::timestamptz[])"


def _where_counted(day: str) -> str:
    """Return the instant at which a whole day counts."""
    return (
        f"CASE WHEN {day} = ANY(%(days_before)s::timestamptz[]) THEN {day}"
        f" ELSE {day} + interval '1 day' - {_TICK} END"
    )


_WHOLE_DAYS = _rolled_up("day", _where_counted("r.at"), "r.at < %(days_until)s")
_WHOLE_HOURS = _rolled_up(
    "hour", _HOUR_END, f"r.at >= %(days_until)s AND r.at < %(hours_until)s AND {_NOT_CUT}"
)

# Hours that are moved are added up before they count twice: at their own point, unless they are cut
# themselves, and negative where their day counts, unless that is after the last point.
_MOVED_HOURS = f"""
SELECT asset, environment, side.at, {", ".join(f"sign * {name}" for name in _FOUR)}
FROM (
    SELECT asset, environment, own, day, {", ".join(f"sum({name}) AS {name}" for name in _FOUR)}
    FROM ({_rolled_up("hour", "r.at", "r.at = ANY(%(moved_hours)s::timestamptz[])")})
        AS r(asset, environment, at, total, available, pending_in, pending_out)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN {_NOT_CUT} THEN {_point_of(_HOUR_END)} END AS own,
            date_bin('1 day', r.at, {_ORIGIN}) AS day
    ) place
    GROUP BY 1, 2, 3, 4
) moved
CROSS JOIN LATERAL (VALUES (own, 1), ({_where_counted("day")}, -1)) AS side(at, sign)
WHERE side.at <= %(end)s
"""  # noqa: S608 - fixed text

# Each hour is read by itself (OFFSET 0), by the index of time: the planner does not know how few
# changes an hour has and would read all those of every holding, or (if it takes tenures for few) an
# hour once a tenure. Nor does it know the hours when it plans: by the bounds of all of them it
# leaves out the months before and after.
_CHANGED_THEN = """
SELECT c.* FROM unnest(%(cut_hours)s::timestamptz[]) AS hour(at)
CROSS JOIN LATERAL (
    SELECT holding_id, valid_from, delta_total, delta_available, delta_pending_in, delta_pending_out
    FROM balances_change WHERE valid_from >= hour.at AND valid_from < hour.at + interval '1 hour'
        AND valid_from >= %(cut_from)s AND valid_from <= %(end)s OFFSET 0
) c
"""

# What roll-ups hold, for the hours that a point cuts: changes while a tenure counts, its edges.
_CUT_HOURS = f"""
SELECT h.asset, t.environment, {_AT.format(at="c.valid_from")}, {_DELTA}
FROM changed_then c
JOIN balances_holding h ON h.id = c.holding_id {{asset}}
JOIN tenure t ON t.account_id = h.account_id
    AND t.began_at <= c.valid_from AND (t.ended_at IS NULL OR c.valid_from < t.ended_at)
UNION ALL
SELECT h.asset, t.environment, {_AT.format(at="edge.at")}, {_LEVEL}
FROM tenure t
CROSS JOIN LATERAL (VALUES (t.began_at, 1), (t.ended_at, -1)) AS edge(at, sign)
JOIN balances_holding h ON h.account_id = t.account_id {{asset}}
{_NEWEST.format(until="< edge.at AND c.valid_from < %(end)s")}
WHERE edge.at <= %(end)s
    AND date_bin('1 hour', edge.at, {_ORIGIN}) = ANY(%(cut_hours)s::timestamptz[])
"""  # noqa: S608 - fixed text

# What joins or leaves at an instant is what was held just before it; a change at it is a delta.
_STAYS = f"""
SELECT h.asset, a.environment, %(start)s::timestamptz, {_LEVEL}
FROM stay JOIN accounts_account a ON a.id = stay.account_id
JOIN balances_holding h ON h.account_id = a.id {{asset}}
CROSS JOIN (VALUES (1)) AS present(sign) {_NEWEST.format(until="<= %(start)s")}
WHERE stay.began <= %(start)s AND (stay.ended IS NULL OR %(start)s < stay.ended)
UNION ALL
SELECT h.asset, a.environment, {_AT.format(at="c.valid_from")}, {_DELTA}
FROM stay JOIN accounts_account a ON a.id = stay.account_id
JOIN balances_holding h ON h.account_id = a.id {{asset}}
JOIN balances_change c ON c.holding_id = h.id
    AND c.valid_from >= stay.began AND (stay.ended IS NULL OR c.valid_from < stay.ended)
    AND c.valid_from > %(start)s AND c.valid_from <= %(end)s
UNION ALL
SELECT h.asset, a.environment, {_AT.format(at="edge.at")}, {_LEVEL}
FROM unnest(%(edge_accounts)s::bigint[], %(edge_at)s::timestamptz[], %(edge_sign)s::integer[])
    AS edge(account_id, at, sign)
JOIN accounts_account a ON a.id = edge.account_id
JOIN balances_holding h ON h.account_id = a.id {{asset}}
{_NEWEST.format(until="< edge.at")}
"""  # noqa: S608 - fixed text

_SOURCES = """
tenure AS (
    SELECT t.account_id, a.environment, t.began_at, t.ended_at
    FROM accounts_tenure t JOIN accounts_account a ON a.id = t.account_id
    WHERE t.is_counted AND NOT t.is_archived AND a.environment = ANY(%(environments)s)
        AND (t.organization_id = ANY(%(organizations)s) OR t.owner_id = ANY(%(persons)s))
), stay AS (
    SELECT * FROM unnest(%(accounts)s::bigint[], %(began)s::timestamptz[], %(ended)s::timestamptz[])
        AS stay(account_id, began, ended)
), changed_then AS MATERIALIZED ({changed_then}),
piece(asset, environment, at, total, available, pending_in, pending_out) AS ({pieces})
"""


def _sources(reach: Reach, hours: str, asset: str) -> str:
    """Return what there is to add up. Planning what is not would take longer than the rest."""
    of_owners = [_WHOLE_DAYS, hours, _CUT_HOURS]
    parts = of_owners if reach.organizations or reach.persons else []
    parts = [*parts, _STAYS] if reach.stays or not parts else parts
    pieces = "\nUNION ALL\n".join(parts).format(asset=asset)
    return _SOURCES.format(changed_then=_CHANGED_THEN, pieces=pieces)


_PLACE = f"width_bucket(at - {_TICK}, %(points)s::timestamptz[])"
_SUMS = ", ".join(f"sum({name})::text" for name in _FOUR)


def all_assets(reach: Reach) -> str:
    """Return a statement for every asset: asset, environment, index of a point, four deltas."""
    return f"""
WITH {_sources(reach, _MOVED_HOURS, "")}
SELECT asset, environment, {_PLACE}, {_SUMS} FROM piece GROUP BY 1, 2, 3
"""  # noqa: S608 - fixed text


def one_asset(reach: Reach) -> str:
    """Return a statement for one asset, a row for a point at which anything changed.

    Its columns: index of the point, four deltas, lowest and highest level of the total on the way
    there (while an account was known), and the instant of the first piece.
    """
    return f"""
WITH {_sources(reach, _WHOLE_HOURS, "AND asset = %(asset)s")},
instant AS (
    SELECT at, sum(total) AS total, sum(available) AS available,
        sum(pending_in) AS pending_in, sum(pending_out) AS pending_out
    FROM (SELECT at, total, available, pending_in, pending_out FROM piece
        UNION ALL SELECT {_AT.format(at="known.at")}, 0, 0, 0, 0
        FROM unnest(%(known_since)s::timestamptz[]) AS known(at)) p
    GROUP BY at
), level AS (SELECT *, sum(total) OVER (ORDER BY at) AS reached FROM instant)
SELECT {_PLACE}, {_SUMS},
    min(reached) FILTER (WHERE at <@ %(known)s::text::tstzmultirange)::text,
    max(reached) FILTER (WHERE at <@ %(known)s::text::tstzmultirange)::text, min(at)
FROM level GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - fixed text
