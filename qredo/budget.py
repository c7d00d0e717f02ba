"""The time and size that one request may take, enforced at every receive.

A read timeout alone starts anew with every byte. Here each receive, of the headers as of the body,
waits no longer than what is left of the whole.
"""

import math
import threading
import time


class Budget(threading.local):
    """What the request that this thread is sending may still use.

    `ends` is on the monotonic clock, `read_timeout` in seconds, `max_bytes` of the body as sent.
    """

    def __init__(self) -> None:
        self.start(deadline=math.inf, read_timeout=math.inf, max_bytes=0)

    def start(self, *, deadline: float, read_timeout: float, max_bytes: int) -> None:
        """Begin a request: `deadline` on the monotonic clock, `read_timeout` in seconds."""
        self.ends = deadline
        self.read_timeout = read_timeout
        self.max_bytes = max_bytes

    def wait(self, limit: float) -> float:
        """Return the seconds to wait at most, `limit` included; raises TimeoutError at the end."""
        left = min(limit, self.ends - time.monotonic())
        if left <= 0:
            raise TimeoutError("the whole request took too long")
        return left


BUDGET = Budget()
