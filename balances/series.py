"""Amounts over time: the SQL behind charts, exact, for any set of accounts and one asset.

A series is a base (the level at its first instant) plus the deltas up to each later one. Values
carry into instants without a change; before an account's first snapshot it is unknown, not zero.
One that joins brings its level, one that leaves takes it along: outside it is not in the sum.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add
from typing import Literal

from accounts.access import Span
from balances import sql
from balances.amounts import Level, base_units_of
from balances.observed import fresh_stretches

Seen = Literal["observed", "carried", "unknown"]

#: By account, the stretches of time in which its figures may be shown; none for other accounts.
Spans = Mapping[int, Sequence[Span]]
Stay = tuple[int, Span]

#: No chart has more points than this.
MOST_POINTS = 500

BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
TICK = timedelta(microseconds=1)


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


@sql.one_view()
def series(
    account_ids: Sequence[int],
    asset: str,
    instants: Sequence[datetime],
    spans: Spans | None = None,
) -> list[Point]:
    """Return a point for every instant; `instants` ascend and there is at least one.

    With `spans` an account is only in the points that lie in one of its own.
    """
    ids, ats = list(account_ids), list(instants)
    known = known_spans(ids, spans)
    fresh = _counter(_fresh(known, fresh_stretches(ids, ats[0], ats[-1])))
    expected = _counter((i, span) for i, stays in known.items() for span in stays)
    levels = _levels(_stays(ids, spans), asset, ats)
    return [
        Point(at, level if expected(at) else None, fresh(at), expected(at))
        for at, level in zip(ats, levels, strict=True)
    ]


def known_spans(account_ids: list[int], spans: Spans | None = None) -> dict[int, list[Span]]:
    """Return, by account, the stretches of time in which it is known and may be shown."""
    return {
        i: [
            (max(began, first), ended)
            for began, ended in _spans_of(i, spans)
            if ended is None or first < ended
        ]
        for i, first in first_seen(account_ids).items()
    }


def _spans_of(account_id: int, spans: Spans | None) -> Sequence[Span]:
    return [(BEGINNING, None)] if spans is None else spans.get(account_id, [])


def _stays(account_ids: list[int], spans: Spans | None) -> list[Stay]:
    return [(i, span) for i in account_ids for span in _spans_of(i, spans)]


def _fresh(
    known: Mapping[int, list[Span]], stretches: Mapping[int, list[tuple[datetime, datetime]]]
) -> Iterator[Stay]:
    """Yield the parts of known stretches in which an account is fresh."""
    for account_id, stays in known.items():
        for began, ended in stays:
            for first, until in stretches[account_id]:
                # The last instant of freshness still counts.
                yield account_id, (max(began, first), min(ended or END, until + TICK))


def _counter(stays: Iterable[Stay]) -> Callable[[datetime], int]:
    """Return a function that counts the stretches in which an instant lies."""
    spans = [(began, ended or END) for _, (began, ended) in stays]
    begins = sorted(began for began, ended in spans if began < ended)
    ends = sorted(ended for began, ended in spans if began < ended)
    return lambda at: bisect_right(begins, at) - bisect_right(ends, at)


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
FROM unnest(%(accounts)s::bigint[], %(began)s::timestamptz[], %(ended)s::timestamptz[])
    AS stay(account_id, began, ended)
JOIN balances_holding h ON h.account_id = stay.account_id AND h.asset = %(asset)s
JOIN balances_change c ON c.holding_id = h.id
  AND c.valid_from >= stay.began AND (stay.ended IS NULL OR c.valid_from < stay.ended)
WHERE c.valid_from > %(start)s AND c.valid_from <= %(end)s
GROUP BY 1
"""

# What joins or leaves at an instant is what was held just before it; a change at it is a delta.
_EDGES = """
SELECT width_bucket(edge.at - interval '1 microsecond', %(instants)s::timestamptz[]),
    sign * c.total, sign * c.available, sign * c.pending_in, sign * c.pending_out, c.scale
FROM unnest(%(accounts)s::bigint[], %(at)s::timestamptz[], %(sign)s::integer[])
    AS edge(account_id, at, sign)
JOIN balances_holding h ON h.account_id = edge.account_id AND h.asset = %(asset)s
CROSS JOIN LATERAL (
    SELECT * FROM balances_change c
    WHERE c.holding_id = h.id AND c.valid_from < edge.at ORDER BY c.valid_from DESC LIMIT 1
) c
"""


def _levels(stays: list[Stay], asset: str, instants: list[datetime]) -> list[Level]:
    level = _base(stays, asset, instants[0])
    deltas = _deltas(stays, asset, instants)
    for index, edge in _edges(stays, asset, instants):
        deltas[index] = deltas[index] + edge if index in deltas else edge
    levels = []
    for index in range(len(instants)):
        if index in deltas:
            level = level + deltas[index]
        levels.append(level)
    finest = max(level.scale for level in levels)
    return [level.at_scale(finest) for level in levels]


def _base(stays: list[Stay], asset: str, at: datetime) -> Level:
    present = [i for i, (began, ended) in stays if began <= at and (ended is None or at < ended)]
    found = sql.rows(_BASE, [at, present, asset])
    levels = [Level(*(int(value) for value in row)) for row in found]
    return reduce(add, levels, Level(0, 0, 0, 0, _scale_of([i for i, _ in stays], asset)))


def _scale_of(account_ids: list[int], asset: str) -> int:
    """Return the finest scale that the asset has now, so that zero has its places too."""
    finest = "SELECT max(scale) FROM balances_holding WHERE account_id = ANY(%s) AND asset = %s"
    return int(sql.rows(finest, [account_ids, asset])[0][0] or 1)


def _deltas(stays: list[Stay], asset: str, instants: list[datetime]) -> dict[int, Level]:
    values = {
        "accounts": [i for i, _ in stays],
        "began": [began for _, (began, _) in stays],
        "ended": [ended for _, (_, ended) in stays],
        "asset": asset,
        "instants": instants,
        "start": instants[0],
        "end": instants[-1],
    }
    return {row[0]: _delta(row[1:]) for row in sql.rows(_DELTAS, values)}


def _edges(stays: list[Stay], asset: str, instants: list[datetime]) -> Iterator[tuple[int, Level]]:
    """Yield what accounts that join or leave between the instants bring or take."""
    edges = [
        (i, at, sign)
        for i, span in stays
        for at, sign in zip(span, (1, -1), strict=True)
        if at is not None and instants[0] < at <= instants[-1]
    ]
    if not edges:
        return
    ids, ats, signs = (list(column) for column in zip(*edges, strict=True))
    values = {"accounts": ids, "at": ats, "sign": signs, "asset": asset, "instants": instants}
    for index, *amounts in sql.rows(_EDGES, values):
        yield index, Level(*(int(amount) for amount in amounts))


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
