"""A server on bare sockets that does whatever HTTP/1.1 framing can be got wrong by.

Each body holds an amount that belongs to one key and one request alone; `meant` keeps them.
"""

import contextlib
import gzip
import json
import random
import socket
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Piece = bytes | Callable[[], object]


class OddServer:
    """Draws an oddity for each request; `meant` has by key what each of its requests is due."""

    def __init__(self, seed: int) -> None:
        self.meant: dict[str, list[bytes]] = {}
        self.drawn: Counter[str] = Counter()
        self._random = random.Random(seed)  # noqa: S311 - a seed to repeat
        self._lock = threading.Lock()
        #: Set whenever a request has come: then left-over answers leave.
        self._next = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = "http://127.0.0.1:{1}/qapi/v1".format(*self._listener.getsockname())

    @contextmanager
    def running(self) -> Iterator["OddServer"]:
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        """Answer all requests of a connection, as a server does that heeds no `close`."""
        heard = b""
        with sock, contextlib.suppress(OSError):
            sock.settimeout(5)
            while True:
                while b"\r\n\r\n" not in heard:
                    if not (data := sock.recv(65_536)):
                        return
                    heard += data
                head, _, heard = heard.partition(b"\r\n\r\n")
                self._next.set()
                self._next.clear()
                for piece in self._answer(head.decode("ascii")):
                    if isinstance(piece, bytes):
                        sock.sendall(piece)
                    else:
                        piece()

    def _answer(self, head: str) -> list[Piece]:
        said = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
        key = said["qredo-api-key"]
        with self._lock:
            number = sum(self.drawn.values())
            body, other = body_of(2 * number), body_of(2 * number + 1)
            self.meant.setdefault(key, []).append(body)
            name = self._random.choice(list(ODDITIES))
            self.drawn[name] += 1
            return ODDITIES[name](body, other, lambda: self._next.wait(0.1), self._random)


def body_of(amount: int) -> bytes:
    coin = {"total": amount, "available": amount, "pendingIn": 0, "pendingOut": 0, "scale": 1}
    return json.dumps({"assets": {"BTC": coin}}).encode()


def whole(body: bytes, *headers: str, status: int = 200, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = (f"HTTP/1.1 {status} Made Up", f"Content-Length: {size}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def in_chunks(body: bytes, *, end: bytes = b"0\r\n\r\n", size: int = 17) -> bytes:
    parts = (body[at : at + size] for at in range(0, len(body), size))
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + end


def hints(chance: random.Random) -> bytes:
    status = chance.choice((100, 102, 103, 110, 199))
    return b"HTTP/1.1 %d Soon\r\nX: y\r\n\r\n" % status * chance.randint(1, 3)


def cut(data: bytes, chance: random.Random) -> list[Piece]:
    return [data[: chance.randrange(1, len(data))], stop]


def stop() -> None:
    raise OSError("the server closes")


def coded(body: bytes, packed: bytes, coding: str = "gzip") -> bytes:
    del body
    return whole(packed, f"Content-Encoding: {coding}")


Oddity = Callable[[bytes, bytes, Callable[[], object], random.Random], list[Piece]]
#: Of (the body that is meant, another account's, wait until another request comes, chance).
ODDITIES: dict[str, Oddity] = {
    "whole": lambda b, *_: [whole(b)],
    "whole, then closed": lambda b, *_: [whole(b, "Connection: close"), stop],
    "gzip": lambda b, *_: [coded(b, gzip.compress(b))],
    "deflate": lambda b, *_: [coded(b, zlib.compress(b), "deflate")],
    "chunks": lambda b, *_: [in_chunks(b)],
    "until closed": lambda b, *_: [b"HTTP/1.0 200 OK\r\n\r\n", b, stop],
    "interim": lambda b, _o, _w, c: [hints(c), whole(b)],
    "interim, then later": lambda b, _o, w, c: [hints(c), w, whole(b)],
    "interim of another": lambda b, o, _w, _c: [whole(b"", status=103), whole(b), whole(o)],
    "another at once": lambda b, o, *_: [whole(b) + whole(o)],
    "another when the next asks": lambda b, o, w, _c: [whole(b), w, whole(o)],
    "a hint when the next asks": lambda b, _o, w, c: [whole(b), w, hints(c)],
    "a refusal when the next asks": lambda b, _o, w, _c: [whole(b), w, whole(b"", status=408)],
    "another that says it closes": lambda b, o, w, _c: [whole(b), w, whole(o), stop],
    "a byte too many": lambda b, *_: [whole(b + b"}", length=len(b))],
    "too short": lambda b, o, *_: [whole(b + o, length=len(b) - 1)],
    "too long": lambda b, o, w, _c: [whole(b, length=len(b) + 9), w, whole(o)],
    "two lengths": lambda b, o, *_: [whole(b + o, f"Content-Length: {len(b)}")],
    "a length and chunks": lambda b, o, *_: [whole(o, "Transfer-Encoding: chunked") + in_chunks(b)],
    "cut": lambda b, _o, _w, c: cut(whole(b), c),
    "chunks cut": lambda b, _o, _w, c: cut(in_chunks(b), c),
    "chunks without end": lambda b, o, w, _c: [in_chunks(b, end=b""), w, whole(o)],
    "chunks and more": lambda b, o, *_: [in_chunks(b) + in_chunks(o)],
    "chunks and more later": lambda b, o, w, _c: [in_chunks(b), w, in_chunks(o)],
    "gzip cut": lambda b, o, *_: [coded(b, gzip.compress(b)[:-5]) + whole(o)],
    "gzip twice": lambda b, o, *_: [coded(b, gzip.compress(b) + gzip.compress(o))],
    "204 with a body": lambda b, o, *_: [whole(b, status=204) + whole(o)],
    "304 with a body": lambda b, o, w, _c: [whole(b, status=304), w, whole(o)],
    "205 with a body": lambda b, *_: [whole(b, status=205)],
    "switched": lambda b, o, *_: [whole(b"", status=101), whole(b), whole(o)],
    "no status line": lambda b, *_: [b, stop],
    "folded": lambda b, *_: [whole(b, "X: y\r\n Content-Length: 2")],
    "line feeds": lambda b, *_: [whole(b).replace(b"\r\n", b"\n"), stop],
    "nothing": lambda *_: [stop],
}  # fmt: skip
#: Of these the answer is beyond doubt, so it has to be taken.
GOOD = {
    "whole", "whole, then closed", "gzip", "deflate", "chunks", "until closed", "interim",
    "interim, then later", "another when the next asks", "a hint when the next asks",
    "a refusal when the next asks", "another that says it closes", "chunks and more later",
}  # fmt: skip
