"""Cut-offs: the instant that a statement is about, as it is typed, linked to and offered."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from accounts.local_time import local_instant
from balances.instants import EARLIEST, BadInstantError, instant_of

HOW = "Give date and time as year-month-day hour:minute, for example 2026-03-31 23:59."


class BadCutoffError(ValueError):
    """A text that is no cut-off; the message says what to write."""


def cutoff_of(text: str, now: datetime) -> datetime:
    """Return the instant that `?at=` names: local in the reader's zone, or with an offset."""
    instant = _read(text.strip()[:60], now)
    if instant > now:
        raise BadCutoffError("The cut-off lies in the future. Give a time that has passed.")
    if instant < EARLIEST:
        raise BadCutoffError("The cut-off lies before 2009, when there was nothing to hold.")
    return instant


def _read(text: str, now: datetime) -> datetime:
    # A plus sign that was not escaped in an address arrives as a space.
    text = text.replace(" ", "+") if "T" in text else text
    try:
        zoned = datetime.fromisoformat(text).tzinfo is not None
        # A date alone would leave open which end of the day is meant.
        if ":" not in text:
            raise BadCutoffError(HOW)
        return instant_of(text, now=now) if zoned else local_instant(text)
    except BadInstantError as error:
        raise BadCutoffError(str(error)) from None
    except (ValueError, OverflowError):
        raise BadCutoffError(HOW) from None


def end_of(day: date) -> datetime:
    """Return the end of a day in the reader's zone: the instant at which the next one begins."""
    # Midnight that daylight saving skips is that instant too: see `local_instant`.
    midnight = datetime.combine(day + timedelta(days=1), time())
    return midnight.replace(tzinfo=timezone.get_current_timezone()).astimezone(UTC)


def shortcuts(now: datetime) -> list[tuple[str, datetime]]:
    """Return the ends of days that are asked for most, newest first."""
    today = timezone.localtime(now).date()
    one = timedelta(days=1)
    month = today.replace(day=1)
    quarter = month.replace(month=month.month - (month.month - 1) % 3)
    year = month.replace(month=1)
    return [
        ("End of yesterday", end_of(today - one)),
        ("End of last month", end_of(month - one)),
        ("End of last quarter", end_of(quarter - one)),
        ("End of last year", end_of(year - one)),
    ]
