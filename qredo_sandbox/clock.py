"""The simulator's clock: starts where it is told, runs at the speed of time or stands still."""

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_YEAR, _LATEST_YEAR = 2000, 2199
SECOND = 1_000_000_000  # nanoseconds


def nanoseconds_of(text: str) -> int:
    """Return the Unix nanoseconds of an ISO 8601 instant with zone, or raise a ValueError."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant needs its zone, such as 2026-01-31T12:00:00Z")
    if not _EARLIEST_YEAR <= instant.year <= _LATEST_YEAR:
        raise ValueError(f"an instant lies in the years {_EARLIEST_YEAR} to {_LATEST_YEAR}")
    return (instant - _EPOCH) // timedelta(microseconds=1) * 1000


class Clock:
    """Unix time in nanoseconds, independent of changes of the machine's own clock."""

    def __init__(self, start: int | None = None, *, frozen: bool = False) -> None:
        self.frozen = frozen
        self.date_skew = 0  # nanoseconds by which the Date header is ahead of this clock
        self.window_skew = 0  # and by which the window for signatures is
        self.set(time.time_ns() if start is None else start)

    def set(self, now: int) -> None:
        """Make it ``now`` (Unix nanoseconds); a running clock runs on from there."""
        self._start = now
        self._started = time.monotonic_ns()

    def freeze(self, *, frozen: bool) -> None:
        """Stop the clock where it is, or let it run on from there."""
        now = self.now()
        self.frozen = frozen
        self.set(now)

    def now(self) -> int:
        """Return Unix nanoseconds."""
        if self.frozen:
            return self._start
        return self._start + time.monotonic_ns() - self._started

    def skew(self, date: float | None, window: float | None) -> None:
        """Let the Date header or the window be ahead by seconds; None leaves it as it is."""
        if date is not None:
            self.date_skew = round(date * SECOND)
        if window is not None:
            self.window_skew = round(window * SECOND)

    def date(self) -> int:
        """Return the Unix nanoseconds that the Date header tells."""
        return self.now() + self.date_skew

    def window(self) -> int:
        """Return the Unix nanoseconds in the middle of the window for signatures."""
        return self.now() + self.window_skew

    def text(self) -> str:
        """Return the instant as ISO 8601 in UTC, to the microsecond."""
        return (_EPOCH + timedelta(microseconds=self.now() // 1000)).isoformat()
