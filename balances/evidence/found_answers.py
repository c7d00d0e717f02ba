"""Stored answers that look like another account's: what a mix-up of answers leaves behind.

An account was given the very bytes that another one was given lately, the two did not answer alike
before, and it went on with balances of its own. Two keys of one Qredo account answer alike before
it too, and two accounts that came to hold the same stay so: both are no mix-up. Answers may have
been exchanged, so that either account has some of the other's: what counts is whether both were
given the same at the same time, for longer than one mixed answer lasts. Of the newest answer nobody
knows yet what follows, so it counts until it is confirmed by a second poll.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from balances.core import sql
from balances.polling.mixed_answers import INTERVALS, LATELY


@dataclass(frozen=True, slots=True)
class Found:
    """A stored answer that another account was given lately.

    It stood until `until`, or stands still; `returned` tells whether the answer before came again.
    """

    account: UUID
    observed_at: datetime
    until: datetime | None
    digest: bytes
    other: UUID
    other_observed_at: datetime
    returned: bool


# Only digests that several accounts have are looked at, each with the answers around it. "Lately"
# is while the other account was given it, or shortly before or after. Of two that each look like
# the other's, the one that returned to what it held is named, else the later one. Alike before are
# two that held the same at once, or moved alike there and back; where the other had not been asked
# yet by two intervals before, or the account itself never, the answer after it tells.
_MIXED = """
WITH several AS MATERIALIZED (
    SELECT s.payload_id FROM balances_snapshot s
    GROUP BY s.payload_id HAVING min(s.account_id) <> max(s.account_id)
), concerned AS MATERIALIZED (
    SELECT DISTINCT account_id FROM balances_snapshot WHERE payload_id IN (SELECT * FROM several)
), walked AS (
    SELECT account_id, observed_at, payload_id,
        lag(payload_id) OVER own AS before, lead(payload_id) OVER own AS after,
        lag(observed_at) OVER own AS since,
        lead(observed_at) OVER own AS until
    FROM balances_snapshot WHERE account_id IN (SELECT * FROM concerned)
    WINDOW own AS (PARTITION BY account_id ORDER BY observed_at)
), shared AS MATERIALIZED (
    SELECT w.*, c.observed_at AS asked_at,
        greatest(%(lately)s, make_interval(secs => %(intervals)s
            * coalesce(c.base_interval_seconds, c.interval_seconds))) AS near,
        make_interval(secs => 2 * coalesce(c.base_interval_seconds, c.interval_seconds)) AS two,
        w.after IS NOT NULL AND w.before IS NOT DISTINCT FROM w.after AS returned
    FROM walked w JOIN balances_schedule c ON c.account_id = w.account_id
    WHERE w.payload_id IN (SELECT * FROM several)
      AND EXISTS (SELECT FROM balances_holding h JOIN balances_change n
          ON n.holding_id = h.id AND n.valid_from = w.observed_at WHERE h.account_id = w.account_id)
)
SELECT DISTINCT ON (mine.observed_at, a.uid) a.uid, mine.observed_at, mine.until, mine.payload_id,
    b.uid, other.observed_at, mine.returned
FROM shared mine
JOIN shared other ON other.payload_id = mine.payload_id AND other.account_id <> mine.account_id
    AND mine.observed_at < coalesce(other.until, 'infinity') + mine.near
    AND other.observed_at < mine.observed_at + mine.near
JOIN accounts_account a ON a.id = mine.account_id
JOIN accounts_account b ON b.id = other.account_id
WHERE (mine.until IS NOT NULL OR mine.asked_at = mine.observed_at)
  AND (mine.returned OR NOT other.returned AND other.observed_at < mine.observed_at)
  AND NOT EXISTS (
    SELECT FROM shared o WHERE o.account_id = other.account_id AND o.payload_id = mine.payload_id
      AND o.before = mine.before AND o.after = mine.after
      AND o.observed_at BETWEEN mine.observed_at - mine.near AND mine.observed_at + mine.near)
  AND NOT EXISTS (
    SELECT FROM balances_snapshot n LEFT JOIN LATERAL (
        SELECT observed_at FROM balances_snapshot WHERE account_id = n.account_id
          AND observed_at > n.observed_at ORDER BY observed_at LIMIT 1) f ON true
    WHERE n.account_id = other.account_id AND n.payload_id = mine.before
      AND least(coalesce(f.observed_at, 'infinity'), mine.observed_at)
        - greatest(n.observed_at, mine.since)
        > CASE WHEN mine.returned THEN mine.two ELSE interval '0' END)
  AND (mine.before IS NOT NULL AND EXISTS (
        SELECT FROM balances_snapshot n WHERE n.account_id = other.account_id
          AND n.observed_at < mine.observed_at - mine.two)
    OR NOT EXISTS (
        SELECT FROM balances_snapshot n WHERE n.account_id = other.account_id
          AND n.payload_id = mine.after))
ORDER BY mine.observed_at, a.uid, other.observed_at
"""


def mixed() -> Iterator[Found]:
    """Yield the stored answers that look like another account's, the oldest first."""
    for row in sql.rows(_MIXED, {"lately": LATELY, "intervals": INTERVALS}):
        account, observed_at, until, digest, *rest = row
        yield Found(account, observed_at, until, bytes(digest), *rest)
