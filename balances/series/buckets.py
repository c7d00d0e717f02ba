"""Where the points of a chart lie: its start, the last instant of every bucket, its end.

Steps up to half a day are full hours of UTC or parts of them. Days and longer ones begin at
midnight in the reader's zone, so that a day has 23, 23½, 24, 24½ or 25 hours there. The first and
the last bucket may be cut by the range.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice

from balances.core.instants import TICK

#: No chart has more points than this.
MOST_POINTS = 500

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = date(1970, 1, 5)


class TooManyPointsError(ValueError):
    """A range that has too many points at a chosen step; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """How long a bucket is: a fixed time, or days or months of the calendar."""

    text: str
    seconds: int = 0
    days: int = 0
    months: int = 0

    @property
    def is_local(self) -> bool:
        """Whether buckets follow the calendar of the reader's zone."""
        return not self.seconds

    @property
    def shortest(self) -> timedelta:
        """How long a bucket is at least."""
        days = self.days or 28 * self.months
        return timedelta(seconds=self.seconds) if self.seconds else timedelta(days=days, hours=-3)


HOUR, DAY, WEEK, MONTH = (
    Step("an hour", seconds=3600),
    Step("a day", days=1),
    Step("a week", days=7),
    Step("a month", months=1),
)
LADDER = (
    Step("a minute", seconds=60),
    Step("5 minutes", seconds=300),
    Step("15 minutes", seconds=900),
    HOUR,
    Step("3 hours", seconds=3 * 3600),
    Step("6 hours", seconds=6 * 3600),
    Step("12 hours", seconds=12 * 3600),
    DAY,
    WEEK,
    MONTH,
    Step("a quarter", months=3),
    Step("a year", months=12),
)
#: The steps that a reader may ask for, by the value in the address.
CHOICES = {"hour": HOUR, "day": DAY, "week": WEEK, "month": MONTH}


@dataclass(frozen=True, slots=True)
class Buckets:
    """The points of a chart, ascending: base, ends of buckets, end of the range."""

    step: Step
    zone: str
    points: tuple[datetime, ...]

    @property
    def text(self) -> str:
        """Say what a point is: `each point is the end of a day in Europe/London`."""
        where = f" in {self.zone}" if self.step.is_local else ""
        return f"each point is the end of {self.step.text}{where}"


def buckets(start: datetime, end: datetime, zone: tzinfo, step: Step | None = None) -> Buckets:
    """Return the buckets of a range: of a step, or of the finest that gives few enough points.

    Raise `TooManyPointsError` if a step that was asked for gives too many.
    """
    for candidate in LADDER if step is None else (step,):
        if (end - start) / candidate.shortest > 2 * MOST_POINTS:
            continue
        points = tuple(islice(_points(start, end, zone, candidate), MOST_POINTS + 1))
        if len(points) <= MOST_POINTS:
            return Buckets(candidate, str(zone), points)
    raise TooManyPointsError(
        f"This range has more than {MOST_POINTS} points. Choose a longer step or a shorter range."
    )


def _points(start: datetime, end: datetime, zone: tzinfo, step: Step) -> Iterator[datetime]:
    yield start
    last = start
    for edge in _edges(start, zone, step):
        if edge - TICK >= end:
            break
        if edge - TICK > last:
            last = edge - TICK
            yield last
    yield end


def _edges(start: datetime, zone: tzinfo, step: Step) -> Iterator[datetime]:
    """Yield where buckets begin, from one at or before `start` on."""
    if step.seconds:
        length = timedelta(seconds=step.seconds)
        edge = start - (start - _EPOCH) % length
        while True:
            yield edge
            edge += length
    for day in _days(start.astimezone(zone).date(), step):
        # A midnight that comes twice is its first; one that is skipped is when the day begins.
        yield datetime.combine(day, time.min, zone).astimezone(UTC)


def _days(around: date, step: Step) -> Iterator[date]:
    """Yield the first days of buckets, from the one that `around` lies in on."""
    if step.days:
        day = around - (around - _MONDAY) % timedelta(days=step.days)
        while True:
            yield day
            day += timedelta(days=step.days)
    month = around.year * 12 + around.month - 1
    month -= month % step.months
    while True:
        yield date(month // 12, month % 12 + 1, 1)
        month += step.months
