"""A Qredo that costs as little as possible: `python -m bench.upstream LATENCY ASSETS HANGING`.

It answers whatever it is asked after LATENCY seconds and counts by key; of a hundred keys HANGING
are never answered. Its first line of output is its address; `GET /counts` tells what it counted.
"""

import asyncio
import json
import sys
import zlib
from collections import Counter

_KEY = b"qredo-api-key: "


class Link(asyncio.Protocol):
    """One connection; requests have no body, and none is sent before the last one's answer.

    It is the client who closes, so that a server's own pace is in no figure.
    """

    counts: Counter[str] = Counter()

    def __init__(self, latency: float, assets: int, hanging: int) -> None:
        self._latency, self._assets, self._hanging = latency, assets, hanging
        self._loop = asyncio.get_running_loop()
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not self._heard.endswith(b"\r\n\r\n"):
            return
        heard, self._heard = self._heard, b""
        if heard.startswith(b"GET /counts"):
            self._send(json.dumps(self.counts).encode())
            return
        key = heard.lower().partition(_KEY)[2].partition(b"\r\n")[0]
        self.counts[key.decode()] += 1
        if zlib.crc32(key) % 100 >= self._hanging:
            self._loop.call_later(self._latency, self._send, self._holding(key))

    def _holding(self, key: bytes) -> bytes:
        """Return an answer that is the same for the same key at all times."""
        total = int.from_bytes(key[:6]) + 1
        coin = {"total": total, "available": total, "pendingIn": 0, "pendingOut": 0}
        told = {f"COIN{number}": {**coin, "scale": 10**8} for number in range(self._assets)}
        return json.dumps({"assets": told}).encode()

    def _send(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        self._transport.write(head.encode() + b"\r\n\r\n" + body)


async def serve(latency: float, assets: int, hanging: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Link(latency, assets, hanging), "127.0.0.1", 0, backlog=1024
    )
    print("http://127.0.0.1:{1}".format(*server.sockets[0].getsockname()), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
