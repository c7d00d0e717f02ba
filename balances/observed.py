"""When was an account seen? Observations up to an instant, and how fresh that makes a figure.

Exact instants are kept of snapshots, of refreshes and of the first and last poll of each run. Of
the polls within a run only a bound is: each observed at most `lateness_ms` after its slot. There
the slot's own instant is given, which is never later: nothing looks newer than it is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from balances import sql

#: Fresh at T means observed within this many intervals before T.
FRESH_INTERVALS = 2


@dataclass(frozen=True, slots=True)
class Sight:
    """The newest instant at or before T at which an account was certainly seen."""

    observed_at: datetime
    interval_seconds: int

    def is_fresh(self, at: datetime) -> bool:
        """Whether figures at `at` count as fresh; carried otherwise."""
        # Seen far ahead, the clock has stepped back since: nobody knows how long ago it was.
        reach = timedelta(seconds=FRESH_INTERVALS * self.interval_seconds)
        return abs(at - self.observed_at) <= reach


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


# For each account: of the run that covers T or the newest before it, its last observation, else (T
# lies inside it) the newest slot whose observation is certainly over; snapshots; refreshes.
_SEEN = f"""
WITH account AS (SELECT unnest(%(accounts)s::bigint[]) AS id),
run AS (
    SELECT a.id, r.* FROM account a CROSS JOIN LATERAL (
        SELECT first_slot, last_slot, interval_seconds, first_observed, last_observed, lateness_ms
        FROM balances_run r WHERE r.account_id = a.id AND r.outcome = 'fresh'
          AND r.first_slot <= %(at)s AND r.first_observed <= %(at)s
        ORDER BY r.first_slot DESC LIMIT 1
    ) r
    UNION ALL
    SELECT a.id, run_first, run_last, s.interval_seconds, run_first_observed, run_last_observed,
        run_lateness_ms
    FROM account a JOIN balances_schedule s ON s.account_id = a.id
    WHERE run_outcome = 'fresh' AND run_first_observed <= %(at)s
),
seen AS (
    SELECT id, interval_seconds, CASE WHEN last_observed <= %(at)s THEN last_observed ELSE
        greatest(first_observed, first_slot + make_interval(secs => interval_seconds
            * floor(extract(epoch FROM %(at)s - first_slot
                - make_interval(secs => lateness_ms / 1000.0))
                / interval_seconds)::double precision))
        END AS at
    FROM run
    UNION ALL
    SELECT a.id, NULL, s.observed_at FROM account a CROSS JOIN LATERAL (
        SELECT observed_at FROM balances_snapshot s
        WHERE s.account_id = a.id AND s.observed_at <= %(at)s ORDER BY s.observed_at DESC LIMIT 1) s
    UNION ALL
    SELECT a.id, NULL, max(f.observed_at)
    FROM account a JOIN balances_refresh f ON f.account_id = a.id
    WHERE f.observed_at <= %(at)s GROUP BY a.id
)
SELECT seen.id, max(seen.at), coalesce(
    (array_agg(seen.interval_seconds ORDER BY seen.at DESC NULLS LAST)
        FILTER (WHERE seen.interval_seconds IS NOT NULL))[1],
    {usual("seen.id", "max(seen.at)")})
FROM seen WHERE seen.at IS NOT NULL GROUP BY seen.id
"""  # noqa: S608 - fixed text


def sights(account_ids: list[int], at: datetime) -> dict[int, Sight]:
    """Return when each account was last seen at or before `at`; unknown accounts are missing."""
    found = sql.rows(_SEEN, {"accounts": account_ids, "at": at})
    return {account_id: Sight(seen, seconds) for account_id, seen, seconds in found}
