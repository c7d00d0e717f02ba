"""What one process holds of bodies is bounded, from their arrival to their answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from http import HTTPStatus

import pytest

from qredo_dash.http import bodies
from qredo_dash.http.bodies import Bodies, RefusedError

LARGE = 4 * bodies.SMALL


class Sent:
    """A body that has arrived."""

    def __init__(self, size: int) -> None:
        self.size = size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield bytes(self.size)


async def _fill(read: Bodies, waiting: AsyncExitStack) -> HTTPStatus | None:
    """Let one more large body arrive, whose request is not answered yet."""
    headers = {"content-length": str(LARGE)}
    try:
        await waiting.enter_async_context(read.of(headers, Sent(LARGE)))
    except RefusedError as refused:
        return refused.status
    return None


def test_bodies_that_wait_for_their_answer_count_and_small_ones_always_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "MOST_BYTES", 3 * LARGE)

    async def told() -> None:
        read = Bodies(largest=LARGE)
        async with AsyncExitStack() as waiting:
            assert [await _fill(read, waiting) for _ in range(4)] == [None, None, None, 503]
            small = Sent(bodies.SMALL)
            async with read.of({"transfer-encoding": "chunked"}, small) as body:
                assert len(body) == bodies.SMALL
        assert read.bytes_held == 0
        async with AsyncExitStack() as waiting:
            assert await _fill(read, waiting) is None

    asyncio.run(told())
