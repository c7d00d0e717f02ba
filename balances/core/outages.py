"""Outages of what the program needs: one line when something goes, one when it is back.

Each process tells of what it meets itself, however often it tries meanwhile.
"""

import logging
import threading
import time

from django.db import InterfaceError, OperationalError


def is_away(error: Exception) -> bool:
    """Whether the connection to the database failed, or its server ends; else a statement did."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or (state[:2] in {"08", "57"} and state != "57014")


class Outage:
    """Whether one thing answers, as this process last saw it."""

    def __init__(self, log: logging.Logger, what: str, meaning: str) -> None:
        self._log = log
        self._what = what
        self._meaning = meaning
        self._since: float | None = None
        self._lock = threading.Lock()

    def began(self, error: BaseException) -> None:
        """Tell of it, the first time. The error's text may hold an address; its kind does not."""
        with self._lock:
            if self._since is not None:
                return
            self._since = time.monotonic()
        # A store that is full says so in words that hold no address.
        full = ", it is full: maxmemory" if "maxmemory" in str(error) else ""
        self._log.warning(
            "%s does not answer (%s%s): %s", self._what, type(error).__name__, full, self._meaning
        )

    def ended(self) -> None:
        """Tell that it answers again, if it did not."""
        with self._lock:
            since, self._since = self._since, None
        if since is not None:
            self._log.info("%s answers again after %d s", self._what, time.monotonic() - since)
