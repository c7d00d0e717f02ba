"""Names a machine whose clock differs from PostgreSQL's, by which everything is decided.

Nothing is polled or recorded by this machine's clock; its log lines and sessions are dated by it.
"""

import logging
import socket
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

import psycopg
from django.conf import settings

log = logging.getLogger(__name__)

#: Clocks that are kept in step differ by far less.
MOST_SECONDS: Final = 5.0
#: Seconds between two looks, and for which one waits for a database that hangs.
_PAUSE, _PATIENCE = 30.0, 3
_SELECT = "SELECT extract(epoch FROM clock_timestamp())::double precision"


class ClockWatch:
    """Compares one process's clock with PostgreSQL's."""

    def __init__(
        self, database: str, process: str, *, wall: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._process = process
        self._wall = wall
        self._is_off = False

    def look(self) -> None:
        """Look once, and log one line when the clock is found off or right again."""
        try:
            ahead = self._seconds_ahead()
        except psycopg.Error:
            return  # who needs the database says that it is away
        is_off = abs(ahead) > MOST_SECONDS
        if is_off and not self._is_off:
            log.warning(
                "the clock of %s on %s is %d s %s PostgreSQL's: polling and history go by"
                " PostgreSQL's and are not harmed; set this machine's clock, which dates its log"
                " and its sessions",
                self._process, socket.gethostname(), abs(ahead),
                "ahead of" if ahead > 0 else "behind",
            )  # fmt: skip
        elif self._is_off and not is_off:
            log.info(
                "the clock of %s on %s agrees with PostgreSQL's again",
                self._process, socket.gethostname(),
            )  # fmt: skip
        self._is_off = is_off

    def _seconds_ahead(self) -> float:
        options = f"-c statement_timeout={_PATIENCE}s"
        with psycopg.connect(
            self._database, connect_timeout=_PATIENCE, options=options
        ) as connection:
            before = self._wall()
            row = connection.execute(_SELECT).fetchone()
            after = self._wall()
        assert row is not None  # noqa: S101 - one row always
        return (before + after) / 2 - float(row[0])


def watch_clock(process: str) -> None:
    """Look from now on, beside what the process does."""
    watch = ClockWatch(settings.DATABASE_URL, process)
    Thread(target=_look_again_and_again, args=(watch,), name="clock", daemon=True).start()


def _look_again_and_again(watch: ClockWatch) -> None:
    never = Event()
    watch.look()
    while not never.wait(_PAUSE):
        watch.look()
