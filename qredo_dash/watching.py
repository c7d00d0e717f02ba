"""The watchdog where nobody supervises: on servers workers and beats watch themselves.

Whoever started them starts them again: the compose file and the units say so.
"""

import os
import sys
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final

from django.conf import settings

from qredo_dash.watchdog import Watchdog

#: Seconds between two looks; the watchdog itself knows when one is due.
_PAUSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class ThisProcess:
    """What the watchdog ends: the process that it runs in, and with it a pool of children."""

    name: str = "this process"

    def end_by_force(self) -> None:
        """End at once: what is stuck would not heed a signal."""
        sys.stderr.flush()
        os._exit(1)


def watch_oneself(**_: object) -> None:
    """Look from now on, beside what the process does."""
    if not settings.SERVER_INSTALLATION:
        return  # `serve` watches
    found = Watchdog(
        settings.DATABASE_URL,
        settings.BROKER_URL,
        settings.POLL_INTERVAL_SECONDS,
        [ThisProcess()],
    )
    Thread(target=_watch, args=(found,), name="watchdog", daemon=True).start()


def _watch(watchdog: Watchdog) -> None:
    while not Event().wait(_PAUSE):
        watchdog.look()
