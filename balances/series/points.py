"""Amounts over time: the points of charts, exact, with how far each may be trusted.

Values carry into instants without a change; before an account's first snapshot it is unknown, not
zero. One that joins brings its level, one that leaves takes it along: outside it is not in the sum.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Literal, NamedTuple

from balances.core import sql
from balances.core.amounts import Level
from balances.core.intervals import ALWAYS, Spans, joined
from balances.series import sums
from balances.series.coverage import known_spans, presence
from balances.series.rollup_sql import Reach

Seen = Literal["observed", "carried", "incomplete", "unknown"]


class Point(NamedTuple):
    """The level of an asset at an instant, and how many of the accounts that count are fresh.

    Those that are unknown are among the expected and in no level, as in tables. Low and high are
    extremes of the total since the point before (see `sums`).
    """

    at: datetime
    level: Level | None
    fresh: int
    expected: int
    unknown: int
    low: int | None = None
    high: int | None = None

    @property
    def seen(self) -> Seen:
        """Observed if every account is fresh; carried if a figure in it is older than that.

        Incomplete if what is in it is fresh, but some account is unknown; unknown if all are.
        """
        if self.level is None:
            return "unknown"
        if self.fresh == self.expected:
            return "observed"
        return "incomplete" if self.fresh + self.unknown == self.expected else "carried"


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
    shown = {i: ALWAYS if spans is None else spans.get(i, ()) for i in account_ids}
    reach = Reach(stays=tuple((i, span) for i, stays in shown.items() for span in stays))
    return along(reach, shown, known_spans(shown), asset, instants)


@sql.one_view()
def along(
    reach: Reach, spans: Spans, known: Spans, asset: str, instants: Sequence[datetime]
) -> list[Point]:
    """Return a point for every instant, of sums within `reach`; `instants` ascend.

    `spans` says when each of its accounts is in it, `known` when it is known beside that. Costs
    three statements; a whole owner's year reads its 8,760 hours, one account's its changes.
    """
    there = presence(spans, known, instants)
    any_known = joined(chain.from_iterable(known.values()))
    reached = sums.of_asset(reach, asset, instants, any_known)
    counted = zip(there.fresh, there.expected, there.known, strict=True)
    return [
        Point(at, None, fresh, expected, expected - known_)
        if one is None
        else Point(at, one.level, fresh, expected, expected - known_, one.low, one.high)
        for at, one, (fresh, expected, known_) in zip(instants, reached, counted, strict=True)
    ]


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
