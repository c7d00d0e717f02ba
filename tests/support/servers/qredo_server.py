"""A strict Qredo of its own for whole processes: it checks every header and trusts nobody's code.

Written from the published description alone, with the standard library alone. What it gets wrong
and the program gets wrong are two different mistakes.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATH = "/qapi/v1/balance"
#: Asked when a key is tested; the keys of this server have the permission Balances alone.
ACCOUNT = "/qapi/v1/account"
UNITS = {"seconds": 1, "milliseconds": 10**3, "nanoseconds": 10**9}
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{43}")
#: What a client of this API has to say, and what HTTP adds to it; nothing else is expected.
SIGNED = {"accept", "qredo-api-key", "qredo-api-ts", "qredo-api-sig"}
PLAIN = {"host", "connection", "accept-encoding", "user-agent"}


@dataclass(frozen=True)
class Answer:
    """What is sent; `manner` is whole, cut (half of it, then the end), reset, hang or drip."""

    body: bytes = b'{"assets":{}}'
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: str = "whole"


@dataclass(frozen=True)
class Request:
    """One request as it came, and what was wrong with it."""

    key_id: str
    path: str
    headers: tuple[tuple[str, str], ...]
    offence: str


def coin(
    total: int, scale: int = 10**8, *, available: int | None = None, incoming: int = 0, out: int = 0
) -> dict[str, int]:
    """Return one asset of an answer; what is not said is available."""
    rest = total - incoming + out if available is None else available
    return {
        "total": total, "available": rest, "pendingIn": incoming, "pendingOut": out, "scale": scale
    }  # fmt: skip


def holding(**assets: object) -> Answer:
    """Return the answer of an account that holds these assets."""
    return Answer(json.dumps({"assets": assets}).encode())


def refusal(status: int, reason: str, **headers: str) -> Answer:
    """Return an error in Qredo's own form."""
    body = {"code": str(status), "msg": "No", "detail": {"reason": reason}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(json.dumps(body).encode(), status, named)


class QredoServer:
    """Keys, what each is answered, and all that was ever asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: dict[str, Answer | Callable[[], Answer]] = {}
        self.unit = "seconds"
        #: Seconds by which this server's clock is ahead of ours.
        self.ahead = 0.0
        #: For how many seconds each client was ready to receive an answer byte by byte.
        self.dripped: list[float] = []
        self.closing = threading.Event()
        self._secrets: dict[str, bytes] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def url(self) -> str:
        return self.origin + PATH.removesuffix("/balance")

    def time(self) -> float:
        return time.time() + self.ahead

    def new_key(
        self, answer: Answer | None = None, *, key_id: str = "", secret: bytes = b""
    ) -> tuple[str, str]:
        """Return a new key id and its secret, as an administrator is shown them once."""
        key_id, raw = key_id or secrets.token_urlsafe(10), secret or secrets.token_bytes(60)
        self._secrets[key_id] = raw
        self.answers[key_id] = answer or Answer()
        return key_id, base64.b64encode(raw).decode()

    def answer_to(self, key_id: str) -> Answer:
        answer = self.answers[key_id]
        return answer if isinstance(answer, Answer) else answer()

    def requests_of(self, key_id: str) -> list[Request]:
        return [request for request in self.requests if request.key_id == key_id]

    def counts(self) -> Counter[str]:
        return Counter(request.key_id for request in list(self.requests))

    def offences(self) -> list[str]:
        return [request.offence for request in self.requests if request.offence]

    def judged(self, method: str, path: str, headers: list[tuple[str, str]]) -> Request:
        """Note a request and what is wrong with it."""
        given = {name.lower(): value for name, value in headers}
        offence = self._offence(method, path, headers, given)
        request = Request(given.get("qredo-api-key", ""), path, tuple(headers), offence)
        if offence or path == PATH:
            self.requests.append(request)
        return request

    def _offence(
        self, method: str, path: str, headers: list[tuple[str, str]], given: dict[str, str]
    ) -> str:
        if method != "GET" or path not in {PATH, ACCOUNT}:
            return f"{method} {path} was never asked for"
        if len(given) != len(headers) or not given.keys() >= SIGNED:
            return "a header is missing or stands twice"
        if surplus := given.keys() - SIGNED - PLAIN:
            return f"surplus headers {sorted(surplus)}"
        if given["accept"] != "application/json":
            return "accept is not application/json"
        return self._forgery(path, given)

    def _forgery(self, path: str, given: dict[str, str]) -> str:
        stamp, signature = given["qredo-api-ts"], given["qredo-api-sig"]
        secret = self._secrets.get(given["qredo-api-key"])
        if secret is None:
            return "unknown key"
        if not (stamp.isascii() and stamp.isdigit()):
            return "the timestamp is not decimal"
        if abs(int(stamp) / UNITS[self.unit] - self.time()) > 30:
            return "the timestamp is off"
        signed = f"{stamp}GEThttp://{given['host']}{path}".encode("ascii")
        if not _SIGNATURE.fullmatch(signature) or not _matches(secret, signed, signature):
            return "the signature is wrong"
        return ""

    @contextmanager
    def running(self) -> Iterator["QredoServer"]:
        thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            self._http.shutdown()
            self._http.server_close()
            thread.join(5)


def _matches(secret: bytes, signed: bytes, signature: str) -> bool:
    try:
        claimed = base64.b64decode(signature + "=", altchars=b"-_", validate=True)
    except binascii.Error:
        return False
    return hmac.compare_digest(hmac.new(secret, signed, hashlib.sha256).digest(), claimed)


def _handler(qredo: QredoServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                pass  # the client has gone

        def do_GET(self) -> None:
            request = qredo.judged(self.command, self.path, self.headers.items())
            if request.offence:
                _send(self, refusal(401, "invalid signature"), qredo)
            elif request.path == ACCOUNT:
                _send(self, refusal(403, "permission denied"), qredo)
            else:
                _send(self, qredo.answer_to(request.key_id), qredo)

        do_POST = do_PUT = do_HEAD = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def _send(handler: BaseHTTPRequestHandler, answer: Answer, qredo: QredoServer) -> None:
    if answer.manner == "hang":
        qredo.closing.wait(30)
    if answer.manner in {"hang", "reset"}:
        _reset(handler)
        return
    handler.send_response_only(answer.status)
    always = {"Content-Type": "application/json", "Date": formatdate(qredo.time(), usegmt=True)}
    for name, value in {**always, **answer.headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(answer.body)))
    handler.end_headers()
    if answer.manner == "cut":
        handler.wfile.write(answer.body[: len(answer.body) // 2])
        handler.close_connection = True
    elif answer.manner == "drip":
        _drip(handler, answer.body, qredo)
    else:
        handler.wfile.write(answer.body)


def _drip(handler: BaseHTTPRequestHandler, body: bytes, qredo: QredoServer) -> None:
    begun = time.monotonic()
    for byte in body:
        # What can be read from a client that asked for one thing only is its farewell.
        gone, _, _ = select.select([handler.connection], [], [], 1)
        if gone or qredo.closing.is_set():
            break
        handler.wfile.write(bytes([byte]))
    qredo.dripped.append(time.monotonic() - begun)
    handler.close_connection = True


def _reset(handler: BaseHTTPRequestHandler) -> None:
    # Lingering for zero seconds makes close send a reset.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
