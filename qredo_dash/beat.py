"""The scheduler of beat: sends what is due by this process's monotonic clock, and by no other.

What is sent has no expiry and no time of a machine's clock. Instead a queue of ticks is kept short,
so that a worker that comes back finds two of them and not a night's.
"""

import logging
import time
from typing import Any, Final

from celery.beat import Scheduler
from django.conf import settings

from balances.core.outages import Outage

log = logging.getLogger(__name__)

#: So many ticks may wait for a worker; a further one would find nothing to do.
MOST_WAITING: Final = 2
#: Seconds until what could not be sent is tried again.
RETRY: Final = 10.0


class Beat(Scheduler):
    """Sends each entry of the schedule at the start and then again and again."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._due: dict[str, float] = {}
        self._failed = False
        self._broker = Outage(
            log, "The broker (REDIS_URL)", "no account is polled until it does, pages go on"
        )
        super().__init__(*args, **options)

    def tick(self, *_: Any, **__: Any) -> float:
        """Send what is due; return the seconds until something is due again."""
        entries: list[Any] = list(self.schedule.values())
        for entry in entries:
            now = time.monotonic()
            if now >= self._due.get(entry.name, now):
                self.apply_entry(entry)
                period = entry.schedule.run_every.total_seconds()
                # What could not be sent is due again soon, however seldom it is due.
                self._due[entry.name] = now + (min(period, RETRY) if self._failed else period)
        return max(0.0, min(self._due.values(), default=1.0) - time.monotonic())

    def apply_entry(self, entry: Any, producer: Any = None) -> None:  # noqa: ARG002 - Celery's signature
        """Send one entry's message. What cannot be sent now is due again later."""
        try:
            if not self._is_crowded(entry):
                self.app.send_task(entry.task, entry.args, entry.kwargs, **entry.options)
        except Exception as error:  # noqa: BLE001 - whatever the broker's client raises
            self._failed = True
            self._broker.began(error)
        else:
            self._failed = False
            self._broker.ended()

    def _is_crowded(self, entry: Any) -> bool:
        """Whether enough ticks are waiting for a worker."""
        if entry.options.get("queue") != settings.TICK_QUEUE:
            return False
        with self.app.connection_for_write() as connection:
            channel: Any = connection.default_channel
            return bool(channel.queue_declare(settings.TICK_QUEUE).message_count >= MOST_WAITING)
