"""Answers that were not understood: their beginnings are kept, so that a person can see what came.

Written with the poll that they belong to. They are no history: once per digest, the newest few an
account, and what Qredo sends again and again pushes nothing else out.
"""

import zlib
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import Account
from balances.core import sql
from balances.models import RejectedAnswer
from balances.polling.results import Failure, Result

_KEEP = """
INSERT INTO balances_rejected
    (account_id, digest, first_at, last_at, reason, detail, body, size)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (account_id, digest) DO UPDATE SET last_at = excluded.last_at
"""

_FORGET = """
DELETE FROM balances_rejected WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY account_id ORDER BY last_at DESC, id DESC) AS n
        FROM balances_rejected WHERE account_id = ANY(%s)
    ) AS counted WHERE n > %s
)
"""


def keep(results: Iterable[Result], now: datetime) -> None:
    """Keep what was not understood. To be done with the accounts' schedules locked."""
    rows = [row for result in results if (row := _row(result, now)) is not None]
    if rows:
        sql.many(_KEEP, rows)
        sql.count(_FORGET, [[row[0] for row in rows], settings.REJECTED_BYTES_KEPT])


def _row(result: Result, now: datetime) -> tuple[object, ...] | None:
    failure = result.outcome
    if not isinstance(failure, Failure) or failure.evidence is None:
        return None
    found, body = failure.evidence, zlib.compress(failure.evidence.body)
    return (
        result.account_id, found.digest, now, now, failure.reason, failure.detail, body, found.size
    )  # fmt: skip


def of_account(account: Account, since: datetime) -> QuerySet[RejectedAnswer]:
    """Return what was not understood of an account since an instant, the newest first."""
    found = RejectedAnswer.objects.filter(account=account, last_at__gte=since)
    return found.order_by("-last_at", "-pk")
