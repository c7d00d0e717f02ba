"""What a live fragment shows, as a short text that changes when the fragment would."""

import hashlib
from datetime import datetime

from django.db.models import Count, Max, QuerySet

from accounts.models import Account


def version_of(accounts: QuerySet[Account], now: datetime, *shown: str) -> str:
    """Return the version of everything that fragments show of `accounts`, in one query.

    The minute is part of it, because ages are shown in minutes. `shown` is what else decides.
    """
    state = accounts.order_by().aggregate(
        n=Count("pk", distinct=True),
        attempt=Max("schedule__last_attempt_at"),
        run=Max("schedule__run_last"),
        asked=Max("refreshes__asked_at"),
        finished=Max("refreshes__finished_at"),
        paused=Max("paused_at"),
        archived=Max("archived_at"),
        keyless=Max("keyless_at"),
        resumed=Max("pauses__ended_at"),
    )
    parts = [*(str(value) for value in state.values()), f"{now:%Y%m%d%H%M}", *shown]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
