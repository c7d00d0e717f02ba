"""What keeps the log to one line an event: of refused requests, and of stores that are away."""

import logging
import re
import time
from typing import Final

#: Libraries that tell of every attempt while a store is away.
_REPEATING: Final = ("celery", "kombu", "amqp", "psycopg.pool")
#: Seconds within which such a library's line is written once.
_QUIET: Final = 600.0


class Refused(logging.Filter):
    """Makes one line, without a traceback, of each request that Django refuses.

    Where `refusals` tells of the request, with the person's number, Django's line is left out.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass on what is no refusal as it is."""
        is_security = record.name.startswith("django.security")
        status = getattr(record, "status_code", 500)
        if not is_security and (record.name != "django.request" or status >= 500):
            return True
        record.exc_info = record.exc_text = record.stack_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        request = getattr(record, "request", None)
        if is_security and request is not None:
            request.is_refusal_told = True  # with its reason, which nothing else knows
        return is_security or not getattr(request, "tells_of_refusals", False)


class Repeated(logging.Filter):
    """Lets a library's complaint through once in ten minutes, without a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass on what was not said lately: attempts differ in numbers alone."""
        if not record.name.startswith(_REPEATING) or record.levelno < logging.WARNING:
            return True
        if record.name == "celery.app.trace":
            return True  # a task that broke: its traceback is what mends it
        key, now = (record.name, str(record.msg)), time.monotonic()
        if now - self._said.get(key, -_QUIET) < _QUIET:
            return False
        self._said[key] = now
        record.exc_info = record.exc_text = None
        return True


#: Addresses whose last part is a secret: a link works for its holder.
_LINKS = re.compile(
    r"(/(?:invitations|profile/email|sign-in/forgotten)/)(?!accept/|confirm/)[^/\s'\"]+"
)


class WithoutLinks(logging.Filter):
    """Leaves the secrets of links by mail out of lines: a link that failed here may still work."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Blot them out, before any handler sees the line."""
        told = record.getMessage()
        blotted = _LINKS.sub(r"\1…", told)
        if blotted != told:
            record.msg, record.args = blotted, ()
        return True
