"""Runs: consecutive slots of one account with one outcome. Pure functions, no database.

A run covers the time from its first slot to one interval after its last. It grows while outcome,
reason and interval stay the same and ends at 00:00 UTC at the latest, so that what proves a month
never needs the month after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Run:
    """A run, open or closed. `lateness_ms` bounds how long after its slot each poll observed."""

    outcome: str
    reason: str
    first: datetime
    last: datetime
    interval_seconds: int
    slots: int
    first_observed: datetime | None = None
    last_observed: datetime | None = None
    lateness_ms: int = 0

    @property
    def until(self) -> datetime:
        """The end of what the run covers: when the slot after its last one is due."""
        return self.last + timedelta(seconds=self.interval_seconds)


def booked(open_run: Run | None, booking: Run) -> tuple[Run, list[tuple[Run, datetime]]]:
    """Add `booking` (one slot or several) after `open_run`.

    Return the run that is open then, and the closed ones, each with the end of what it covers.
    """
    closed: list[tuple[Run, datetime]] = []
    for piece in by_day(booking):
        if open_run is not None and _continues(open_run, piece):
            open_run = _grown(open_run, piece)
            continue
        if open_run is not None:
            closed.append((open_run, open_run.until))
        open_run = piece
    assert open_run is not None  # noqa: S101 - a booking has at least one slot
    return open_run, closed


def by_day(run: Run) -> Iterator[Run]:
    """Cut a run of unobserved slots at each 00:00 UTC."""
    step = timedelta(seconds=run.interval_seconds)
    first, left = run.first, run.slots
    while left:
        midnight = _day(first) + timedelta(days=1)
        slots = min(left, -((first - midnight) // step))
        yield replace(run, first=first, last=first + step * (slots - 1), slots=slots)
        first, left = first + step * slots, left - slots


def _continues(open_run: Run, piece: Run) -> bool:
    return (
        piece.first == open_run.until
        # Within a run two observations are never two intervals apart: it is fresh throughout.
        and max(piece.lateness_ms, open_run.lateness_ms) <= 1000 * piece.interval_seconds
        and _day(piece.first) == _day(open_run.first)
        and (piece.outcome, piece.reason, piece.interval_seconds)
        == (open_run.outcome, open_run.reason, open_run.interval_seconds)
    )


def _grown(open_run: Run, piece: Run) -> Run:
    return replace(
        open_run,
        last=piece.last,
        slots=open_run.slots + piece.slots,
        last_observed=piece.last_observed or open_run.last_observed,
        lateness_ms=max(open_run.lateness_ms, piece.lateness_ms),
    )


def _day(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def newest_slot(next_slot: datetime, now: datetime, interval_seconds: int) -> tuple[datetime, int]:
    """Return the newest slot at or before `now`, and how many older ones it leaves unclaimed."""
    step = timedelta(seconds=interval_seconds)
    skipped = (now - next_slot) // step
    return next_slot + step * skipped, skipped


def first_slot(now: datetime, *, interval_seconds: int, phase: int) -> datetime:
    """Return the first slot after `now` on the grid of an account.

    `phase` spreads accounts over the interval; any whole number that differs between accounts does.
    """
    epoch = int(now.timestamp())
    due = epoch - (epoch - phase) % interval_seconds + interval_seconds
    return datetime.fromtimestamp(due, UTC)
