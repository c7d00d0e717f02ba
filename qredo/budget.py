"""The time that one request may take, enforced at every receive.

A read timeout alone starts anew with every byte. Here each receive, of the headers as of the body,
waits no longer than what is left of the whole, without a watchdog that could cut off the wrong
connection.
"""

import http.client
import io
import math
import socket
import threading
import time
from typing import cast


class Budget(threading.local):
    """What the request that this thread is sending may still use, and how far it came.

    `ends` is on the monotonic clock. `fresh` tells that the connection was opened for this request,
    `answered` that at least one byte came back, `fresh_only` that a pooled one must not be used.
    """

    def __init__(self) -> None:
        self.start(deadline=math.inf, read_timeout=math.inf, fresh_only=False)

    def start(self, *, deadline: float, read_timeout: float, fresh_only: bool) -> None:
        """Begin an attempt: `deadline` on the monotonic clock, `read_timeout` in seconds."""
        self.ends = deadline
        self.read_timeout = read_timeout
        self.fresh_only = fresh_only
        self.fresh = False
        self.answered = False

    def wait(self, limit: float) -> float:
        """Return the seconds to wait at most, `limit` included; raises TimeoutError at the end."""
        left = min(limit, self.ends - time.monotonic())
        if left <= 0:
            raise TimeoutError("the whole request took too long")
        return left


BUDGET = Budget()


class BudgetedResponse(http.client.HTTPResponse):
    """A response whose every receive is held to the budget of its thread."""

    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        plain = self.fp.detach()
        self.fp = io.BufferedReader(_BudgetedReader(sock, plain))


class _BudgetedReader(io.RawIOBase):
    """Sets the time-out of the socket anew before each receive."""

    def __init__(self, sock: socket.socket, plain: io.RawIOBase) -> None:
        self._sock = sock
        self._plain = plain

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
        self._sock.settimeout(BUDGET.wait(BUDGET.read_timeout))
        count = cast("int | None", self._plain.readinto(buffer))
        if count:
            BUDGET.answered = True
        return count

    def close(self) -> None:
        self._plain.close()
        super().close()
