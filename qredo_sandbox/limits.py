"""Settings that bear on everybody: latency of every answer, and requests a second."""

import math

from qredo_sandbox.answers import error
from qredo_sandbox.load import LastSecond
from qredo_sandbox.wire import Answer

TOO_MANY = "too many requests"


class Limits:
    """What is set; at first nothing is."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Answer at once, and everything."""
        self.latency: float = 0
        self.requests_per_second: int | None = None
        self.retry_after: str | None = None  # None: the seconds that are left; "": no header
        self._let_through: dict[str, LastSecond] = {}

    def refusal(self, environment: str) -> Answer | None:
        """Return the 429 of a request beyond the limit, or let it through and return None."""
        if self.requests_per_second is None:
            return None
        recent = self._let_through.setdefault(environment, LastSecond())
        if recent.count() < self.requests_per_second:
            recent.add()
            return None
        wait = self.retry_after
        if wait is None:
            wait = str(max(1, math.ceil(1 - recent.oldest_age())))
        return error(429, TOO_MANY, *([("Retry-After", wait)] if wait else []))

    def shown(self) -> dict[str, object]:
        """Return the settings as they travel in JSON."""
        return {
            "latency": self.latency,
            "requests_per_second": self.requests_per_second,
            "retry_after": self.retry_after,
        }
