"""The database being away: quick answers that say so, and one line in the log at each end.

Without this each request waits for the pool, answers 500 and writes a traceback, and a few of them
hold every thread. So the first one that fails opens an outage; while it lasts, each request looks
whether the database is back, without the pool. A refusal comes at once. A look that had to wait is
not repeated for a second, so that a silent database holds no threads.
"""

import logging
import threading
import time
from http import HTTPStatus
from typing import Final

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from qredo_dash.middleware import Answer

logger = logging.getLogger(__name__)

#: Seconds that a look may wait, the wait from which on it counts as slow, and the pause after it.
PATIENCE: Final = 2
SLOW: Final = 0.2
PAUSE: Final = 1.0
#: Beginnings of SQLSTATE that say that the server takes no work: connection lost, out of resources
#: (disk, memory, connections), shutting down or starting up. Not 53400, a limit of the settings
#: that one statement passed (`temp_file_limit`): the server goes on with all others.
AWAY: Final = ("08", "530", "531", "532", "533", "57P")


def is_away(error: BaseException | None) -> bool:
    """Whether an error says that the database cannot be reached, not that a query was wrong."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError | psycopg.OperationalError):
        return False
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    state = getattr(cause, "sqlstate", None)
    return state is None or state.startswith(AWAY)


class Outage:
    """Whether the database is known to be away, in this process. Safe to share by threads."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._next_look = 0.0
        self._looking = threading.Lock()

    def begin(self, error: BaseException) -> None:
        """Open an outage, or let an open one go on."""
        if self._since is None:
            self._since = time.monotonic()
            logger.error(
                "the database does not answer (%s): pages say so until it does",
                type(error.__cause__ or error).__name__,
            )

    def lasts(self) -> bool:
        """Whether it goes on; looks for itself unless the last look was slow."""
        if self._since is None:
            return False
        if time.monotonic() < self._next_look:
            return True
        with self._looking:
            return self._goes_on()

    def _goes_on(self) -> bool:
        """Look, unless another thread did so while this one waited."""
        since = self._since
        if since is None or time.monotonic() < self._next_look:
            return since is not None
        return not self._is_over(since)

    def _is_over(self, since: float) -> bool:
        began = time.monotonic()
        try:
            # Not by the pool, which waits between its own attempts.
            psycopg.connect(settings.DATABASE_URL, connect_timeout=PATIENCE).close()
        except psycopg.Error:
            now = time.monotonic()
            self._next_look = now + PAUSE if now - began > SLOW else now
            return False
        self._since = None
        logger.warning("the database answers again after %.0f s", time.monotonic() - since)
        return True


OUTAGE = Outage()


class Outages:
    """Stands outside of all that needs the database."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer at once while the database is known to be away."""
        return page(request) if OUTAGE.lasts() else self.get_response(request)


def page(request: HttpRequest) -> HttpResponse:
    """Say that the database does not answer, in a page that needs none."""
    response = render(request, "database.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = "5"
    return response


class NotTheDatabase(logging.Filter):
    """Leaves out of the log what was said once already: requests that an outage failed."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass what has another reason."""
        error = record.exc_info[1] if record.exc_info else None
        if is_away(error):
            return False
        return record.name != "django.request" or getattr(record, "status_code", 0) != 503
