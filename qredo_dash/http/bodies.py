"""Reading a request's body whole, within bounds of size and time.

A server that hands a body to Django while it still arrives gives a thread to each slow sender: four
connections that send a byte a second stopped the whole site. So the body is read first, by the
event loop, where waiting costs no thread.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Protocol

#: Seconds within which a whole body has to arrive; forms are small, and a thread waits for none.
PATIENCE: Final = 30.0
#: Bodies that may be under way at once in one process, and the bytes of all of them.
MOST_WAITING: Final = 256
MOST_BYTES: Final = 64 * 1024 * 1024
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
    """Reads bodies of at most `largest` bytes; counts what is under way in this process."""

    largest: int
    patience: float = PATIENCE
    waiting: int = field(default=0, init=False)
    bytes_held: int = field(default=0, init=False)

    async def read(self, headers: Mapping[str, str], incoming: Incoming) -> bytes:
        """Return the whole body. Raise `RefusedError`."""
        length = headers.get("content-length")
        if length is None and headers.get("transfer-encoding") is None:
            return b""
        if length is not None and (not length.isdecimal() or int(length) > LARGEST_DROPPED):
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if self.waiting >= MOST_WAITING:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE)
        self.waiting += 1
        try:
            async with asyncio.timeout(self.patience):
                return await self._whole(incoming)
        except TimeoutError:
            raise RefusedError(HTTPStatus.REQUEST_TIMEOUT) from None
        finally:
            self.waiting -= 1

    async def _whole(self, incoming: Incoming) -> bytes:
        parts: list[bytes] = []
        size = held = 0
        try:
            async for part in incoming:
                size += len(part)
                if size > LARGEST_DROPPED:
                    break
                if size <= self.largest:
                    parts.append(part)
                    held += len(part)
                    self.bytes_held += len(part)
                if self.bytes_held > MOST_BYTES:
                    raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE)
        finally:
            self.bytes_held -= held
        if size > self.largest:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return b"".join(parts)
