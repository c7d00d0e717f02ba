"""Where points cut hours and days of UTC, and how the sum of such a day is divided among them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from balances.core.instants import TICK

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def floor(instant: datetime, length: timedelta) -> datetime:
    """Return the UTC hour or day that an instant lies in."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return instant - (instant - epoch) % length


def cut_hours(points: Sequence[datetime]) -> list[datetime]:
    """Return the beginnings of hours that points cut: each does so just after its instant."""
    ends = {point + TICK for point in points}
    return sorted({floor(end, HOUR) for end in ends if end != floor(end, HOUR)})


@dataclass(frozen=True, slots=True)
class DividedDays:
    """Days that points cut, each counted as a whole before its first cut or after its last one.

    So only hours on the other side of a cut have to be read, to be moved from where the day counts
    to where they do. Of both sides the one with fewer hours is moved.
    """

    #: Beginnings of the days that count before; all others count after.
    before: list[datetime]
    #: Beginnings of the hours that are moved, among them every hour that is cut itself.
    moved: list[datetime]

    @classmethod
    def of(cls, points: Sequence[datetime]) -> "DividedDays":
        """Divide the days that are cut by points, which ascend."""
        found = cls([], [])
        ends = [point + TICK for point in points]
        for day, within in groupby(ends, lambda end: floor(end, DAY)):
            cuts = [end for end in within if end != day]
            if cuts:
                found._add(day, cuts[0], cuts[-1], is_last=ends[-1] == cuts[-1])
        return found

    def _add(self, day: datetime, first: datetime, last: datetime, *, is_last: bool) -> None:
        ahead = list(_hours(day, last))
        behind = list(_hours(floor(first, HOUR), day + DAY))
        # What comes after the last point is read by nobody.
        if len(behind) < len(ahead) and not is_last:
            self.before.append(day)
            self.moved.extend(behind)
        else:
            self.moved.extend(ahead)


def _hours(at: datetime, until: datetime) -> Iterator[datetime]:
    while at < until:
        yield at
        at += HOUR
