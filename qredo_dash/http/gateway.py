"""From granian's RSGI to Django's WSGI, with the whole request at hand.

granian's own WSGI takes a thread before the body has arrived and gives it no time limit (see
`bodies`); a2wsgi, which could stand in for this file, loses a thread for good each time a reader
breaks off a download. So this is by hand.
"""

import asyncio
import io
import logging
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Protocol

from django.http import parse_cookie

from qredo_dash.http.bodies import Bodies, Incoming, RefusedError

logger = logging.getLogger(__name__)

#: Threads that run Django in one process; how many of them one session may hold at once, and how
#: many of its requests may wait for one.
THREADS: Final = 8
THREADS_A_SESSION: Final = 4
MOST_WAITING: Final = 64
#: Characters of a path with its query; pages repeat it in their links.
LONGEST_TARGET: Final = 8_192
#: What is longer goes out in parts, so that a large file is never in memory as a whole.
LARGEST_WHOLE: Final = 4 * 1024 * 1024
PART_BYTES: Final = 64 * 1024
#: Seconds after which a reader who takes nothing of a large answer is let go.
READER_PATIENCE: Final = 60.0

Headers = list[tuple[str, str]]
Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Scope(Protocol):
    """What granian says of a request. Paths are decoded, names of headers are lower case."""

    proto: str
    http_version: str
    method: str
    path: str
    query_string: str
    scheme: str
    server: str
    client: str
    headers: Any


class Stream(Protocol):
    """An answer that is sent in parts."""

    def send_bytes(self, data: bytes) -> Awaitable[None]:
        """Send a part; wait until there is room for it."""


class Exchange(Incoming, Protocol):
    """A request whose answer is still to be given."""

    def response_empty(self, status: int, headers: Headers) -> None:
        """Answer without a body."""

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer with a body."""

    def response_stream(self, status: int, headers: Headers) -> Stream:
        """Begin an answer in parts."""


@dataclass(slots=True)
class Answer:
    """What Django answers: status, headers, and the parts of the body."""

    status: int = 500
    headers: Headers = field(default_factory=list)

    def start(self, status: str, headers: Headers, _error: Any = None) -> Callable[[bytes], None]:
        """Take status and headers, as WSGI hands them over."""
        self.status, self.headers = int(status.split(" ", 1)[0]), list(headers)
        return _refuse_to_write


def _refuse_to_write(_data: bytes) -> None:
    raise NotImplementedError("Django answers with what it returns")


class Gateway:
    """Answers requests by a WSGI application, each with its body at hand, in few threads."""

    def __init__(
        self,
        application: Application,
        *,
        bodies: Bodies,
        session_cookie: str,
        refusals: Mapping[int, bytes],
    ) -> None:
        self._application = application
        self._bodies = bodies
        self._session_cookie = session_cookie
        self._refusals = refusals
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="web")
        self._turns = Turns()

    async def __call__(self, scope: Scope, exchange: Exchange) -> None:
        """Answer one request."""
        headers = _joined(scope.headers.items())
        loop = asyncio.get_running_loop()
        try:
            _check_target(scope)
            async with self._bodies.of(headers, exchange) as body:
                environ = _environ(scope, headers, body)
                async with self._turns.of(_cookie(headers, self._session_cookie)):
                    await loop.run_in_executor(self._threads, self._work, environ, exchange, loop)
        except RefusedError as refusal:
            self._refuse(scope, exchange, refusal.status)

    def _refuse(self, scope: Scope, exchange: Exchange, status: HTTPStatus) -> None:
        logger.warning("%d %s: %s %a", status, status.phrase, scope.method, scope.path[:200])
        page = self._refusals.get(status, status.phrase.encode())
        kind = "text/html" if status in self._refusals else "text/plain"
        headers = [
            ("content-type", f"{kind}; charset=utf-8"),
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; style-src 'self'; img-src 'self'"),
            ("x-content-type-options", "nosniff"),
            # The rest of the body is not read: nothing else may come on this connection.
            ("connection", "close"),
        ]
        exchange.response_bytes(int(status), headers, page)

    def _work(self, environ: Environ, exchange: Exchange, loop: asyncio.AbstractEventLoop) -> None:
        """Run the application in a thread and send what it answers."""
        answer = Answer()
        try:
            parts = self._application(environ, answer.start)
        except Exception:
            logger.exception("the application broke")
            exchange.response_bytes(500, [("content-type", "text/plain")], b"Internal error")
            return
        try:
            _send(answer, iter(parts), exchange, loop)
        finally:
            getattr(parts, "close", _nothing)()


def _nothing() -> None:
    pass


def _send(
    answer: Answer, parts: Iterator[bytes], exchange: Exchange, loop: asyncio.AbstractEventLoop
) -> None:
    """Send a small answer at once and a large one in parts, as the reader takes them."""
    begun, is_whole = _gathered(parts, LARGEST_WHOLE)
    if is_whole:
        if begun or answer.status not in (204, 304):
            exchange.response_bytes(answer.status, answer.headers, begun)
        else:
            exchange.response_empty(answer.status, answer.headers)
        return
    stream = exchange.response_stream(answer.status, answer.headers)
    while begun:
        sending = asyncio.run_coroutine_threadsafe(_sent(stream, begun), loop)
        try:
            sending.result(READER_PATIENCE)
        except Exception as error:  # noqa: BLE001 - granian names no errors of its own
            sending.cancel()
            logger.info("a reader broke off a download: %s", type(error).__name__)
            return
        begun, _ = _gathered(parts, PART_BYTES)


async def _sent(stream: Stream, data: bytes) -> None:
    await stream.send_bytes(data)


def _gathered(parts: Iterator[bytes], least: int) -> tuple[bytes, bool]:
    """Return the next parts, of so many bytes together at least, and whether these were all."""
    found: list[bytes] = []
    size = 0
    for part in parts:
        found.append(part)
        size += len(part)
        if size >= least:
            return b"".join(found), False
    return b"".join(found), True


def _check_target(scope: Scope) -> None:
    if len(scope.path) + len(scope.query_string) > LONGEST_TARGET:
        raise RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG)


class Turns:
    """Lets one session hold some of the threads, never all: the others wait without a thread."""

    def __init__(self) -> None:
        self._waiting: Counter[str] = Counter()
        self._semaphores: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def of(self, session: str) -> AsyncIterator[None]:
        """Wait until this session may have a thread; without one, in the order of arrival."""
        if not session:
            yield
            return
        if self._waiting[session] >= MOST_WAITING:
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS)
        semaphore = self._semaphores.setdefault(session, asyncio.Semaphore(THREADS_A_SESSION))
        self._waiting[session] += 1
        try:
            async with semaphore:
                yield
        finally:
            self._waiting[session] -= 1
            if not self._waiting[session]:
                del self._waiting[session], self._semaphores[session]


def _cookie(headers: Mapping[str, str], name: str) -> str:
    """Return a cookie's value, or nothing; of several, and in quotes, the one that Django takes."""
    return parse_cookie(headers.get("cookie", "")).get(name, "")


def _joined(headers: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return the headers by name, without those whose name is another one's in WSGI.

    `X_Forwarded_For` and `X-Forwarded-For` become one name there, and a client could write what
    only the proxy may.
    """
    found: dict[str, str] = {}
    for name, value in headers:
        if "_" in name:
            continue
        if name in found:
            value = f"{found[name]}{'; ' if name == 'cookie' else ','}{value}"  # noqa: PLW2901
        found[name] = value
    return found


def _environ(scope: Scope, headers: Mapping[str, str], body: bytes) -> Environ:
    """Return a request as WSGI has it (PEP 3333), with its body whole."""
    host, _, port = (scope.server or "localhost:80").rpartition(":")
    environ: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _latin(scope.path),
        "QUERY_STRING": _latin(scope.query_string),
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "REMOTE_ADDR": (scope.client or "").rpartition(":")[0].strip("[]"),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = _latin(value)
        elif key != "CONTENT_LENGTH":
            environ[f"HTTP_{key}"] = _latin(value)
    return environ


def _latin(text: str) -> str:
    """Return a text as WSGI has it: each character a byte of its UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")
