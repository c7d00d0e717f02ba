"""A WSGI application behind the gateway, that tells what it was given."""

import json
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from qredo_dash.http.bodies import Bodies
from qredo_dash.http.gateway import Gateway

LARGEST = 100_000
PATIENCE = 2.0
PART = b"0123456789abcdef" * 4096
released = threading.Event()
holding = threading.Semaphore(0)
closed = threading.Event()


class Endless:
    """An answer that never ends; says when it is closed."""

    def __iter__(self) -> "Endless":
        return self

    def __next__(self) -> bytes:
        return PART

    def close(self) -> None:
        """Be let go."""
        closed.set()


def told(environ: dict[str, Any]) -> Any:
    """Return what the request was, without streams."""
    body = environ["wsgi.input"].read()
    plain = {key: value for key, value in environ.items() if isinstance(value, str)}
    return {**plain, "body": body.decode("latin-1")}


def hold(_environ: dict[str, Any]) -> Any:
    """Hold a thread until it is released."""
    holding.release()
    released.wait(30)
    return "held"


def release(_environ: dict[str, Any]) -> Any:
    """Let go of all that are held."""
    released.set()
    return "released"


def held(_environ: dict[str, Any]) -> Any:
    """Wait until another request holds a thread; tell whether one does."""
    return holding.acquire(timeout=10)


def was_closed(_environ: dict[str, Any]) -> Any:
    """Wait until the endless answer was let go."""
    return closed.wait(20)


PATHS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "/hold": hold, "/release": release, "/held": held, "/closed": was_closed,
}  # fmt: skip


def toy(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer by the path."""
    path = environ["PATH_INFO"]
    if path == "/broken":
        raise ValueError("broken on purpose")
    if path == "/endless":
        start("200 OK", [("content-type", "text/plain")])
        return Endless()
    if path.startswith("/status/"):
        status = int(path.rpartition("/")[2])
        start(f"{status} {HTTPStatus(status).phrase}", [("x-told", "1")])
        return []
    if path == "/large":
        start("200 OK", [("content-length", str(200 * len(PART)))])
        return (PART for _ in range(200))
    body = json.dumps(PATHS.get(path, told)(environ)).encode()
    start("200 OK", [("content-type", "application/json"), ("content-length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


application = Gateway(
    toy,
    bodies=Bodies(LARGEST, PATIENCE),
    session_cookie="session",
    refusals={413: b"<p>too much</p>"},
)
