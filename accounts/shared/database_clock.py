"""PostgreSQL's clock in nanoseconds: read once, then carried on by a monotonic clock.

Machines disagree about the time. What is signed or compared between machines is reckoned by the
clock of the one database that they share, so that a wrong clock of a worker harms no account.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

#: Gives nanoseconds since the Unix epoch.
Clock = Callable[[], int]

#: How error messages call this clock.
NAME = "The database server's clock"


@dataclass(frozen=True, slots=True)
class Reading:
    """What PostgreSQL's clock showed at an instant of this process's monotonic clock."""

    database_ns: int
    monotonic_ns: int

    def now_ns(self) -> int:
        """Return PostgreSQL's time now, without asking it: for threads without a connection."""
        return self.database_ns + time.monotonic_ns() - self.monotonic_ns


def read() -> Reading:
    """Ask PostgreSQL for its time; the reading is right to half of what the answer took."""
    asked = time.monotonic_ns()
    with connection.cursor() as cursor:
        cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        (microseconds,) = cursor.fetchone()
    return Reading(microseconds * 1_000, (asked + time.monotonic_ns()) // 2)
