"""Notices that slots fall due and nobody works them off, however alive every process looks.

A beat that hangs and a worker that is stuck are still there; only the age of the newest poll tells.
"""

import sys
import time
from collections.abc import Sequence
from typing import Any, Protocol

import psycopg
from kombu import Connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

#: So many intervals without any poll, while a slot is half an interval late: nobody is at work.
PATIENCE_INTERVALS = 1.25
#: The supervisor waits no longer than this for a database that hangs.
_SECONDS = 3

# An open breaker asks rarely on purpose; its probes fall due no later than in an interval.
_STANDSTILL = """
SELECT EXISTS (
    SELECT FROM balances_schedule WHERE greatest(next_slot, not_before)
        < clock_timestamp() - make_interval(secs => interval_seconds * 0.5)
) AND NOT EXISTS (
    SELECT FROM balances_schedule
    WHERE last_attempt_at > clock_timestamp() - make_interval(secs => %s)
) AND NOT EXISTS (
    SELECT FROM balances_environment
    WHERE probe_at > clock_timestamp() - make_interval(secs => %s)
)
"""


class Watched(Protocol):
    """A process that ought to poll, or to see to it."""

    @property
    def name(self) -> str:
        """What it is called."""

    def end_by_force(self) -> None:
        """End it, whatever it hangs on; somebody starts it again."""


class Watchdog:
    """Ends children that ought to poll and do not; whoever keeps them up starts them again."""

    def __init__(
        self, database: str, broker: str, interval: float, children: Sequence[Watched]
    ) -> None:
        self._database = database
        self._broker = broker
        self._patience = PATIENCE_INTERVALS * interval
        self._children = children
        self._next_look = time.monotonic() + self._patience

    def look(self) -> None:
        """Look once; after a start, an alarm or an absence of the database not for a while."""
        if time.monotonic() < self._next_look:
            return
        try:
            stands_still = self._stands_still()
        except psycopg.Error:
            self._look_after(self._patience)
            return
        self._look_after(self._patience if stands_still else self._patience / 10)
        # Without a broker nothing can be handed out, and a new start would not help; beat says so.
        if stands_still and self._broker_answers():
            self._end_all()

    def _look_after(self, seconds: float) -> None:
        self._next_look = time.monotonic() + seconds

    def _stands_still(self) -> bool:
        options = f"-c statement_timeout={_SECONDS}s"
        with psycopg.connect(self._database, connect_timeout=_SECONDS, options=options) as link:
            row = link.execute(_STANDSTILL, (self._patience, self._patience)).fetchone()
        return bool(row and row[0])

    def _broker_answers(self) -> bool:
        options = {"socket_timeout": _SECONDS, "socket_connect_timeout": _SECONDS}
        try:
            with Connection(self._broker, transport_options=options) as connection:
                channel: Any = connection.default_channel
                channel.client.ping()
        except (OSError, KombuError, RedisError):
            return False
        return True

    def _end_all(self) -> None:
        names = " and ".join(child.name for child in self._children)
        sys.stderr.write(
            f"No account was polled for {self._patience:.0f} s though slots are due; to be"
            f" started again: {names}.\n"
        )
        for child in self._children:
            child.end_by_force()
