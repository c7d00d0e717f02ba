"""What a live fragment shows, as a short text that changes when the fragment would."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.access.compiled import Ids
from accounts.models import User
from balances.core import sql
from balances.ledger import schedules

# A number of each row of each table that is shown, put together without regard to their order. A
# maximum would not do: of two polls the one that began first may be written last.
_STATE = """
WITH seen AS MATERIALIZED (
    SELECT id, label, environment, organization_id, owner_id, paused_at, archived_at, keyless_at
    FROM accounts_account WHERE id IN ({accounts})
)
SELECT
    (SELECT (count(*), bit_xor(hash_record_extended(ROW(
        seen.*, s.last_attempt_at, s.run_last, s.run_outcome, s.next_slot IS NULL), 0)))
    FROM seen LEFT JOIN balances_schedule s ON s.account_id = seen.id)::text,
    (SELECT (count(*), bit_xor(hash_record_extended(ROW(id, finished_at), 0)))
    FROM balances_refresh WHERE account_id IN (SELECT id FROM seen))::text,
    (SELECT (count(*), max(ended_at))
    FROM balances_pause WHERE account_id IN (SELECT id FROM seen))::text,
    -- A turn makes a tenure or, where it puts two together, lets one go.
    (SELECT (count(*), max(id))
    FROM accounts_tenure WHERE account_id IN (SELECT id FROM seen))::text,
    (SELECT bit_xor(hash_record_extended(ROW(account_id, name), 0))
    FROM accounts_tag WHERE account_id IN (SELECT id FROM seen))::text,
    -- What of others counts, as the reader decides.
    (SELECT bit_xor(hash_record_extended(ROW(account_id, is_counted), 0)) FROM accounts_share
    WHERE user_id = %(reader)s AND account_id IN (SELECT id FROM seen))::text,
    -- What was said of their keys is added to, never changed.
    (SELECT count(*) FROM accounts_extent WHERE account_id IN (SELECT id FROM seen))::text,
    -- So are the rules for their answers.
    (SELECT count(*) FROM accounts_entryrule WHERE account_id IN (SELECT id FROM seen))::text,
    -- What is wrong for several accounts at once, without any of them being polled. It begins with
    -- a slot of before, which may be older than what another one ended with.
    (SELECT (count(*), count(ended_at))
    FROM balances_incident WHERE organization_id IN (SELECT organization_id FROM seen))::text,
    (SELECT array_agg((environment, is_demo, opened_at, probe_at) ORDER BY environment, is_demo)
    FROM balances_environment
    WHERE environment IN (SELECT environment FROM seen) AND opened_at IS NOT NULL)::text
"""


def version_of(reader: User, accounts: Ids, now: datetime, *shown: str) -> str:
    """Return the version of everything that fragments show of `accounts`, by one statement.

    The minute is part of it, because ages are shown in minutes. `shown` is what else decides.
    """
    values = {**accounts.values, "reader": reader.pk}
    (state,) = sql.rows(_STATE.format(accounts=accounts.text), values)
    return _version(now, shown, state)


def current(reader: User, accounts: Ids, *shown: str) -> tuple[datetime, str]:
    """Return the time, and the version of it, by one statement too."""
    values = {**accounts.values, "reader": reader.pk}
    now, state = schedules.clock_and(_STATE.format(accounts=accounts.text), values)
    return now, _version(now, shown, state)


def _version(now: datetime, shown: Iterable[str], state: Iterable[Any]) -> str:
    text = "|".join([f"{now:%Y%m%d%H%M}", *shown, *map(str, state)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
