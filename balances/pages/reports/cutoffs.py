"""Cut-offs: the instant that a statement is about, as it is asked for and offered."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from balances.evidence.statements.request import Asked
from balances.pages.as_of import instant
from balances.portfolio.filters import Narrowing
from balances.portfolio.scope import Scope


class BadCutoffError(ValueError):
    """What was asked for is no cut-off; the message says what to write."""


def cutoff_of(query: Mapping[str, str], now: datetime) -> datetime:
    """Return the instant that a query asks for. Raise `BadCutoffError`."""
    asked = instant.asked(query, now=now)
    if asked.error:
        raise BadCutoffError(asked.error)
    # A page may be about now; a statement is about what somebody chose.
    if not asked.is_past:
        raise BadCutoffError("Give the date of the cut-off.")
    return asked.at


def request_of(by: User, query: Mapping[str, str], now: datetime) -> Asked:
    """Return what a page's query asks a statement for. Raise `BadCutoffError`."""
    scope = Scope(by, Narrowing.of(query))
    return Asked(scope, cutoff_of(query, now), by, now)


def day_ended_by(at: datetime) -> datetime | None:
    """Return a time of the day whose end an instant is in the reader's zone, if it is one."""
    day = timezone.localtime(at - timedelta(hours=12))
    return day if instant.end_of_day(day) == at else None


def shortcuts(now: datetime) -> list[tuple[str, datetime]]:
    """Return the ends of days that are asked for most, in the reader's zone, newest first."""
    today = timezone.localtime(now)
    month = today.replace(day=1)
    quarter = month.replace(month=month.month - (month.month - 1) % 3)
    beginnings = {
        "End of yesterday": today,
        "End of last month": month,
        "End of last quarter": quarter,
        "End of last year": month.replace(month=1),
    }
    day = timedelta(days=1)
    return [(name, instant.end_of_day(at - day)) for name, at in beginnings.items()]
