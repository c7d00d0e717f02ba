"""What a live fragment shows, as a short text that changes when the fragment would."""

import hashlib
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Max, QuerySet

from accounts.models import Account
from balances import sql

# What is wrong for several accounts at once, and what counts, without any of them being polled.
# A turn makes a tenure or, where it puts two together, lets one go.
_TROUBLES = """
SELECT max(greatest(began_at, ended_at))::text, NULL FROM balances_incident
WHERE organization_id = ANY(%(owners)s)
UNION ALL
SELECT opened_at::text, probe_at::text FROM balances_environment
WHERE environment = ANY(%(environments)s) AND opened_at IS NOT NULL
UNION ALL
SELECT max(id)::text, count(*)::text FROM accounts_tenure WHERE account_id = ANY(%(ids)s)
ORDER BY 1, 2
"""


def version_of(accounts: QuerySet[Account], now: datetime, *shown: str) -> str:
    """Return the version of everything that fragments show of `accounts`, in two queries.

    The minute is part of it, because ages are shown in minutes. `shown` is what else decides.
    """
    state = accounts.order_by().aggregate(
        ids=ArrayAgg("pk", distinct=True, default=[]),
        attempt=Max("schedule__last_attempt_at"),
        run=Max("schedule__run_last"),
        asked=Max("refreshes__asked_at"),
        finished=Max("refreshes__finished_at"),
        paused=Max("paused_at"),
        archived=Max("archived_at"),
        keyless=Max("keyless_at"),
        resumed=Max("pauses__ended_at"),
        owners=ArrayAgg("organization", distinct=True, default=[]),
        environments=ArrayAgg("environment", distinct=True, default=[]),
    )
    troubles = sql.rows(_TROUBLES, state)
    parts = [*(str(value) for value in state.values()), f"{now:%Y%m%d%H%M}", *shown, str(troubles)]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
