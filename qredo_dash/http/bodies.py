"""Reading a request's body whole, within bounds of size and time.

A server that hands a body to Django while it still arrives gives a thread to each slow sender: four
connections that send a byte a second stopped the whole site. So the body is read first, by the
event loop, where waiting costs no thread.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Protocol

#: Seconds within which a whole body has to arrive; forms are small, and a thread waits for none.
PATIENCE: Final = 30.0
#: Bodies that may be under way at once in one process; for one more the oldest is given up, which
#: is a slow one, so that slow senders never keep a form out.
MOST_WAITING: Final = 256
#: Bytes of bodies in one process, from their arrival to their answer; small ones always fit.
MOST_BYTES: Final = 64 * 1024 * 1024
SMALL: Final = 64 * 1024
#: What is too large is read and dropped up to here: a browser shows no answer before it has sent
#: all. Beyond it the connection is closed.
LARGEST_DROPPED: Final = 32 * 1024 * 1024


class RefusedError(Exception):
    """A request that is not taken, with the status that says why."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Incoming(Protocol):
    """A request whose body arrives in parts."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the parts as they arrive."""


@dataclass(slots=True)
class Bodies:
    """Reads bodies of at most `largest` bytes; counts what this process holds of them."""

    largest: int
    patience: float = PATIENCE
    bytes_held: int = field(default=0, init=False)
    #: The deadlines of bodies that are under way, oldest first.
    _arriving: dict[asyncio.Timeout, None] = field(default_factory=dict, init=False)

    @asynccontextmanager
    async def of(self, headers: Mapping[str, str], incoming: Incoming) -> AsyncIterator[bytes]:
        """Give the whole body, which counts as held to the end. Raise `RefusedError`."""
        length = headers.get("content-length")
        if length is None and headers.get("transfer-encoding") is None:
            yield b""
            return
        if length is not None and (not length.isdecimal() or int(length) > LARGEST_DROPPED):
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        parts: list[bytes] = []
        try:
            await self._arrive(parts, incoming)
            yield b"".join(parts)
        finally:
            self.bytes_held -= sum(map(len, parts))

    async def _arrive(self, parts: list[bytes], incoming: Incoming) -> None:
        if len(self._arriving) >= MOST_WAITING:
            oldest = next(iter(self._arriving))
            del self._arriving[oldest]
            oldest.reschedule(asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(self.patience) as deadline:
                self._arriving[deadline] = None
                try:
                    await self._read(parts, incoming)
                finally:
                    self._arriving.pop(deadline, None)
        except TimeoutError:
            raise RefusedError(HTTPStatus.REQUEST_TIMEOUT) from None

    async def _read(self, parts: list[bytes], incoming: Incoming) -> None:
        size = 0
        async for part in incoming:
            size += len(part)
            if size > LARGEST_DROPPED:
                break
            if size <= self.largest:
                parts.append(part)
                self.bytes_held += len(part)
            if size > SMALL and self.bytes_held > MOST_BYTES:
                raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE)
        if size > self.largest:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
