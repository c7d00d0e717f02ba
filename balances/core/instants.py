"""Reading instants that people type or pass: ISO 8601 with a zone, nothing guessed."""

from datetime import UTC, datetime, timedelta

#: The resolution of instants, as PostgreSQL keeps them: two that differ do so by this at least.
TICK = timedelta(microseconds=1)

#: Before Qredo, before Bitcoin: certainly a slip.
EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class BadInstantError(ValueError):
    """A text that is no instant; the message says what to write."""


def instant_of(text: str, *, now: datetime) -> datetime:
    """Return the instant that a text names: `now`, or ISO 8601 with a zone."""
    if text.strip().lower() == "now":
        return now
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadInstantError(
            f"{text[:40]!r} is no instant. Write one as 2026-11-24T14:05:00+00:00, or now."
        ) from None
    if instant.tzinfo is None:
        raise BadInstantError(f"{text[:40]!r} has no zone. Add Z or an offset such as +01:00.")
    return _bounded(instant, text)


def _bounded(instant: datetime, text: str) -> datetime:
    try:
        instant = instant.astimezone(UTC)
    except OverflowError:
        instant = datetime.min.replace(tzinfo=UTC)
    if not EARLIEST <= instant <= LATEST:
        raise BadInstantError(f"{text[:40]!r} lies outside the years 2009 to 2199.")
    return instant


def iso(instant: datetime) -> str:
    """Return an instant as machines read it: UTC, ISO 8601, ending in Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
