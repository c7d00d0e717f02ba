"""When was an account seen? Observations up to an instant, and how fresh that makes a figure.

**Fresh** at an instant is what was observed within two intervals before it: the newest observation
by then decides, with the interval that the account was polled at when it was made. Nothing else in
the program says what is fresh: pages ask `Sight`, charts ask `freshness`, which puts the same into
stretches of time.

Exact instants are kept of snapshots, of refreshes and of the first and last poll of each run. Of
the polls within a run only a bound is: each observed at most `lateness_ms` after its slot. There
the slot's own instant is given, which is never later: nothing looks newer than it is.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from balances.core import sql

Covered = Literal["fresh", "carried", "unknown"]

#: Fresh at T means observed within this many intervals before T.
FRESH_INTERVALS = 2


@dataclass(frozen=True, slots=True)
class Sight:
    """The newest instant at or before T at which an account was seen, and its interval then."""

    observed_at: datetime
    interval_seconds: int

    def is_fresh(self, at: datetime) -> bool:
        """Whether figures at `at` count as fresh; carried otherwise."""
        # Seen far ahead, the clock has stepped back since: nobody knows how long ago it was.
        reach = timedelta(seconds=FRESH_INTERVALS * self.interval_seconds)
        return abs(at - self.observed_at) <= reach


def covered_at(sight: Sight | None, at: datetime) -> Covered:
    """Return how far figures of an account may be trusted, in a word."""
    if sight is None:
        return "unknown"
    return "fresh" if sight.is_fresh(at) else "carried"


def usual(account: str, at: str) -> str:
    """Return SQL for the interval that an account was usually polled at, at an instant.

    Runs know it: the newest that began by then, else the first one since; today's setting would
    change the past. A grid slowed down for its key is not the usual one.
    """
    runs = (
        "(SELECT interval_seconds FROM balances_run"  # noqa: S608 - names of columns
        f" WHERE account_id = {account} AND reason NOT IN ('key_rejected', 'permission')"
    )
    open_run = (
        "(SELECT coalesce(base_interval_seconds, interval_seconds) FROM balances_schedule"  # noqa: S608 - as above
        f" WHERE account_id = {account}"
    )
    return (
        f"coalesce({open_run} AND run_first <= {at}),"
        f" {runs} AND first_slot <= {at} ORDER BY first_slot DESC LIMIT 1),"
        f" {runs} AND first_slot > {at} ORDER BY first_slot LIMIT 1), {open_run}))"
    )


def usual_of_newest(schedule: str) -> str:
    """Return SQL for the same at the newest observation that a row of schedules names.

    The row itself says it, unless its grid began after that observation.
    """
    return (
        f"CASE WHEN {schedule}.run_first <= {schedule}.observed_at"
        f" THEN coalesce({schedule}.base_interval_seconds, {schedule}.interval_seconds)"
        f" ELSE {usual(f'{schedule}.account_id', f'{schedule}.observed_at')} END"
    )


# For each account and instant T: of the run that covers T or the newest before it, its last
# observation, else (T lies inside it) the newest slot whose observation is certainly over;
# snapshots; refreshes. A run tells its interval for as long as it was observed; what came after it
# has the usual one.
_SEEN = f"""
WITH asked AS (SELECT * FROM unnest(%s::bigint[], %s::timestamptz[]) AS asked(id, t)),
run AS (
    SELECT a.id, a.t, r.* FROM asked a CROSS JOIN LATERAL (
        SELECT first_slot, interval_seconds, first_observed, last_observed, lateness_ms
        FROM balances_run r WHERE r.account_id = a.id AND r.outcome = 'fresh'
          AND r.first_slot <= a.t AND r.first_observed <= a.t
        ORDER BY r.first_slot DESC LIMIT 1
    ) r
    UNION ALL
    SELECT a.id, a.t, run_first, s.interval_seconds, run_first_observed, run_last_observed,
        run_lateness_ms
    FROM asked a JOIN balances_schedule s ON s.account_id = a.id
    WHERE run_outcome = 'fresh' AND run_first_observed <= a.t
),
seen AS (
    SELECT id, t, interval_seconds, least(last_observed, t) AS until,
        CASE WHEN last_observed <= t THEN last_observed ELSE
        greatest(first_observed, first_slot + make_interval(secs => interval_seconds
            * floor(extract(epoch FROM t - first_slot
                - make_interval(secs => lateness_ms / 1000.0))
                / interval_seconds)::double precision))
        END AS at
    FROM run
    UNION ALL
    SELECT a.id, a.t, NULL, s.observed_at, s.observed_at FROM asked a CROSS JOIN LATERAL (
        SELECT observed_at FROM balances_snapshot s
        WHERE s.account_id = a.id AND s.observed_at <= a.t ORDER BY s.observed_at DESC LIMIT 1) s
    UNION ALL
    SELECT a.id, a.t, NULL, max(f.observed_at), max(f.observed_at)
    FROM asked a JOIN balances_refresh f ON f.account_id = a.id
    WHERE f.observed_at <= a.t GROUP BY a.id, a.t
)
SELECT seen.id, seen.t, max(seen.at), coalesce(
    (array_agg(seen.interval_seconds ORDER BY seen.until DESC, seen.interval_seconds))[1],
    {usual("seen.id", "max(seen.at)")})
FROM seen WHERE seen.at IS NOT NULL GROUP BY seen.id, seen.t
"""  # noqa: S608 - fixed text


def sights(account_ids: Collection[int], at: datetime) -> dict[int, Sight]:
    """Return when each account was last seen at or before `at`; unknown accounts are missing."""
    found = sights_of((account_id, at) for account_id in account_ids)
    return {account_id: sight for (account_id, _), sight in found.items()}


def sights_of(asked: Iterable[tuple[int, datetime]]) -> dict[tuple[int, datetime], Sight]:
    """Return the same of accounts at an instant each."""
    pairs = set(asked)
    values = [sql.ids(pk for pk, _ in pairs), sql.instants(at for _, at in pairs)]
    found = sql.rows(_SEEN, values)
    return {(account_id, at): Sight(seen, seconds) for account_id, at, seen, seconds in found}
