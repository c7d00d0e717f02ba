"""Within which stretches of time the figures of accounts count as fresh, whatever their history.

What *fresh* means is said in `observed`; here it is laid out over time, for charts. As there the
newest observation decides: one at a shorter interval ends what an older one would still reach.

Fresh runs that fill a UTC day each and follow one another are one stretch: what is read of them is
the first and the last, found from what *breaks* them off. Only such breaks are read one by one.
"""

from datetime import datetime, timedelta

from balances.core import sql
from balances.history.observations import FRESH_INTERVALS, usual

# A day filled with fresh polls. Two that follow one another leave no gap: the first poll of the
# later one comes within 15 s, the shortest interval there is, of a slot that is one interval after
# the last slot of the earlier one. An earlier one reaches no further than a later one if its
# interval is at most 8 h. The migration that makes `balances_run_break` has the same text.
WHOLE_DAY = """
(outcome = 'fresh' AND interval_seconds <= 28800 AND lateness_ms <= 1000 * interval_seconds
    AND first_observed - first_slot <= interval '15 seconds'
    AND first_slot - date_bin('1 day', first_slot, timestamptz '1970-01-01 00:00+00')
        < make_interval(secs => interval_seconds)
    AND upper(span) - date_bin('1 day', first_slot, timestamptz '1970-01-01 00:00+00')
        >= interval '1 day')
"""

# The longest interval is a day: what was seen two days before `start`, in a run that began two days
# before that, can still be fresh then.
_FRESH = f"""
WITH broken AS MATERIALIZED (
    SELECT account_id, first_slot AS began, upper(span) AS ended, outcome, first_observed,
        last_observed, interval_seconds
    FROM balances_run
    WHERE account_id = ANY(%(accounts)s) AND NOT {WHOLE_DAY}
      AND first_slot >= %(start)s - interval '4 days' AND first_slot <= %(end)s
    UNION ALL
    SELECT account_id, began_at, ended_at, kind, NULL, NULL, NULL FROM balances_pause
    WHERE account_id = ANY(%(accounts)s) AND began_at <= %(end)s
      AND (ended_at IS NULL OR ended_at >= %(start)s - interval '4 days')
    UNION ALL
    SELECT id, %(start)s - interval '4 days', %(start)s - interval '4 days', 'begin', NULL, NULL,
        NULL FROM unnest(%(accounts)s::bigint[]) AS account(id)
), whole AS (
    SELECT account_id, ended AS since,
        lead(began, 1, 'infinity') OVER (PARTITION BY account_id ORDER BY began, ended) AS until
    FROM broken
)
SELECT account_id, first_observed, last_observed, interval_seconds FROM broken
WHERE outcome = 'fresh'
UNION ALL
SELECT whole.account_id, first.first_observed, last.last_observed, last.interval_seconds FROM whole
CROSS JOIN LATERAL (
    SELECT first_observed FROM balances_run r
    WHERE r.account_id = whole.account_id AND first_slot >= since AND first_slot < until
      AND first_slot <= %(end)s
    ORDER BY first_slot LIMIT 1) first
CROSS JOIN LATERAL (
    SELECT last_observed, interval_seconds FROM balances_run r
    WHERE r.account_id = whole.account_id AND first_slot >= since AND first_slot < until
      AND first_slot <= %(end)s
    ORDER BY first_slot DESC LIMIT 1) last
WHERE since < until
UNION ALL
SELECT account_id, run_first_observed, run_last_observed, interval_seconds FROM balances_schedule
WHERE account_id = ANY(%(accounts)s) AND run_outcome = 'fresh'
UNION ALL
SELECT f.account_id, f.observed_at, f.observed_at, {usual("f.account_id", "f.observed_at")}
FROM balances_refresh f
WHERE f.account_id = ANY(%(accounts)s) AND f.observed_at <= %(end)s
  AND f.asked_at >= %(start)s - interval '2 days'
ORDER BY 1, 2
"""  # noqa: S608 - fixed text


def fresh_stretches(
    account_ids: list[int], start: datetime, end: datetime
) -> dict[int, list[tuple[datetime, datetime]]]:
    """Return, by account, the stretches of time within which its figures count as fresh.

    They are sorted and do not overlap; outside of `start` and `end` they are not whole.
    """
    found: dict[int, list[tuple[datetime, datetime]]] = {i: [] for i in account_ids}
    values = {"accounts": sql.ids(account_ids), "start": start, "end": end}
    newest: dict[int, datetime] = {}
    for account_id, first, last, seconds in sql.rows(_FRESH, values):
        until = last + timedelta(seconds=FRESH_INTERVALS * seconds)
        stretches = found[account_id]
        if not stretches or first > stretches[-1][1]:
            stretches.append((first, until))
        elif last >= newest[account_id]:
            stretches[-1] = (stretches[-1][0], until)
        newest[account_id] = max(newest.get(account_id, last), last)
    return found
