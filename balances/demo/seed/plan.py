"""What is asked of a seed, and whether it can be."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from balances.core.instants import EARLIEST

DAY = timedelta(days=1)
#: More is a slip: it would take days to write, or more memory than accounts are worth.
MOST_ACCOUNTS, MOST_ASSETS, MOST_DAYS = 20_000, 200, 3_650
MOST_HOLDINGS, MOST_CHANGES = 500_000, 200_000_000


class BadPlanError(ValueError):
    """A seed that cannot be; the message says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A seed: the same one makes the same history, to the last digest."""

    accounts: int
    assets: int
    days: int
    changes_per_day: int
    until: datetime
    seed: int = 1
    interval_seconds: int = 300

    @property
    def begins(self) -> datetime:
        """When the first accounts join."""
        return self.until - DAY * self.days

    @property
    def step(self) -> timedelta:
        """The time from one slot to the next."""
        return timedelta(seconds=self.interval_seconds)

    @property
    def slots_per_day(self) -> int:
        """How many slots a whole day has."""
        return DAY // self.step

    @property
    def name(self) -> str:
        """What the organization is called that most of the accounts belong to."""
        return f"Seeded data {self.seed}"

    def windows(self) -> Iterator[tuple[datetime, datetime]]:
        """Yield the days in UTC, the first and the last one cut: from, and up to but without."""
        first = self.begins.astimezone(UTC)
        while first < self.until:
            midnight = first.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
            yield first, min(midnight, self.until)
            first = midnight

    def check(self, now: datetime) -> None:
        """Raise `BadPlanError` if this cannot be."""
        _within("accounts", self.accounts, MOST_ACCOUNTS)
        _within("assets", self.assets, MOST_ASSETS)
        _within("days", self.days, MOST_DAYS)
        _within("seconds of an interval", self.interval_seconds, 86_400, least=15)
        # Half of the slots at most bring a change, and some fail: it would not fit otherwise.
        _within("changes a day", self.changes_per_day, self.slots_per_day)
        _within("holdings", self.accounts * self.assets, MOST_HOLDINGS)
        _within("changes", self.accounts * self.days * self.changes_per_day, MOST_CHANGES)
        if self.until > now:
            raise BadPlanError("History ends now at the latest: --until lies in the future.")
        if self.begins < EARLIEST:
            raise BadPlanError("History begins in 2009 at the earliest. Ask for fewer days.")


def _within(what: str, number: int, most: int, *, least: int = 1) -> None:
    if not least <= number <= most:
        raise BadPlanError(f"{number:,} {what} cannot be seeded: it takes {least:,} to {most:,}.")
