"""Faults on demand: what is wrong with the next answers of a key."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache

from qredo_sandbox.answers import error, page
from qredo_sandbox.wire import Answer

EVERYBODY = "*"


class Manner(Enum):
    """How an answer travels."""

    WHOLE = "whole"
    LATE = "late"
    DRIP = "drip"
    DRIP_HEAD = "drip head"
    DRIP_BODY = "drip body"
    CUT = "cut"
    RESET = "reset"
    RESET_MIDWAY = "reset midway"
    HANG = "hang"
    INTERIM = "interim"
    TWICE = "twice"
    ENDLESS = "endless"


def _nothing() -> None:
    pass


@dataclass(slots=True)
class Reply:
    """An answer and how it travels; ``seconds`` is the delay, of each byte for a drip.

    ``latency`` comes before everything; ``done`` is called once it is sent or given up.
    """

    answer: Answer
    manner: Manner = Manner.WHOLE
    seconds: float = 0
    latency: float = 0
    done: Callable[[], None] = _nothing


@dataclass(slots=True)
class Fault:
    """A fault as it was ordered; ``count`` None lasts until it is cleared."""

    kind: str
    count: int | None = None
    retry_after: str | None = None
    reason: str | None = None
    date: str | None = None
    seconds: float | None = None
    location: str = "https://elsewhere.example/qapi/v1/balance"
    body: str = ""
    status: int | None = None
    content_type: str = "application/json"


_REASONS = {
    400: "bad request",
    401: "invalid api key",
    403: "permission denied",
    404: "not found",
    409: "conflict",
    429: "too many requests",
}
_PROXY_ERRORS = (500, 502, 503, 504)
_UNWELL = b'{"assets":{"BTC":{"total":\xff\xfe\x00\x80,"availa\x01ble":]]}'


@cache
def _bomb() -> bytes:
    """Return a valid answer of 8 MB, most of it white space, as a few kilobytes of gzip."""
    return gzip.compress(b'{"assets":{' + b" " * 8_000_000 + b"}}", mtime=0)


def _qredo_error(fault: Fault) -> Answer:
    status = int(fault.kind)
    wait = () if fault.retry_after is None else (("Retry-After", fault.retry_after),)
    return error(status, fault.reason or _REASONS[status], *wait)


def _proxy_error(fault: Fault) -> Answer:
    answer = page(int(fault.kind))
    if fault.retry_after is None:
        return answer
    return replace(answer, headers=(("Retry-After", fault.retry_after),))


def _redirect(fault: Fault) -> Answer:
    target = (("Location", fault.location),) if fault.location else ()
    return Answer(fault.status or 302, b"", "text/html", target)


def _literal(fault: Fault) -> Answer:
    raw = fault.body.encode("utf-8", "surrogatepass")
    return Answer(fault.status or 200, raw, fault.content_type)


def _raw_assets(fault: Fault) -> Answer:
    return Answer(200, b'{"assets":' + fault.body.encode("utf-8", "surrogatepass") + b"}")


_INSTEAD: dict[str, Callable[[Fault], Answer]] = {
    **{str(status): _qredo_error for status in _REASONS},
    **{str(status): _proxy_error for status in _PROXY_ERRORS},
    "garbled": lambda _: Answer(200, _UNWELL),
    "not_json": lambda _: Answer(200, b"assets: none"),
    "empty": lambda _: Answer(200, b""),
    "html200": lambda _: page(200),
    "redirect": _redirect,
    "bomb": lambda _: Answer(200, _bomb(), headers=(("Content-Encoding", "gzip"),)),
    "body": _literal,
    "raw_assets": _raw_assets,
}


def _gzip_cut(truth: Answer) -> Answer:
    body = gzip.compress(truth.body, mtime=0)[:-4]
    return replace(truth, body=body, headers=(*truth.headers, ("Content-Encoding", "gzip")))


_ALTERED: dict[str, Callable[[Answer], Answer]] = {
    "short_length": lambda truth: replace(truth, length_error=-1),
    "long_length": lambda truth: replace(truth, length_error=1),
    "cut_gzip": _gzip_cut,
}
_MANNERS = {
    "dated": (Manner.WHOLE, 0.0),
    "slow": (Manner.LATE, 5.0),
    "drip": (Manner.DRIP, 1.0),
    "slow_headers": (Manner.DRIP_HEAD, 1.0),
    "drip_body": (Manner.DRIP_BODY, 1.0),
    "truncated": (Manner.CUT, 0.0),
    "reset": (Manner.RESET, 0.0),
    "reset_midway": (Manner.RESET_MIDWAY, 0.05),
    "hang": (Manner.HANG, 0.0),
    "interim": (Manner.INTERIM, 0.05),
    "second_answer": (Manner.TWICE, 0.0),
    "endless_chunks": (Manner.ENDLESS, 0.01),
}
KINDS = frozenset(_INSTEAD) | frozenset(_ALTERED) | frozenset(_MANNERS)


def spoil(fault: Fault, truth: Callable[[], Answer]) -> Reply:
    """Return the reply with the fault in it; ``truth`` is asked only if its answer travels."""
    manner, seconds = _MANNERS.get(fault.kind, (Manner.WHOLE, 0.0))
    instead = _INSTEAD.get(fault.kind)
    answer = truth() if instead is None else instead(fault)
    if fault.kind in _ALTERED:
        answer = _ALTERED[fault.kind](answer)
    if fault.date is not None:
        answer = replace(answer, date=fault.date)
    return Reply(answer, manner, seconds if fault.seconds is None else fault.seconds)


class Faults:
    """The faults in force, by key id; one for everybody comes after one of the key's own."""

    def __init__(self) -> None:
        self._by_key: dict[str, Fault] = {}

    def order(self, key_id: str, fault: Fault) -> None:
        """Put a fault in force, in place of an older one of the key."""
        self._by_key[key_id] = fault

    def clear(self, key_id: str | None = None) -> None:
        """Clear the fault of one key, or all."""
        if key_id is None:
            self._by_key.clear()
        else:
            self._by_key.pop(key_id, None)

    def take(self, key_id: str) -> Fault | None:
        """Return the fault for one request of the key, and count it down."""
        for name in (key_id, EVERYBODY):
            fault = self._by_key.get(name)
            if fault is not None:
                self._count_down(name, fault)
                return fault
        return None

    def _count_down(self, name: str, fault: Fault) -> None:
        if fault.count is None:
            return
        fault.count -= 1
        if fault.count <= 0:
            del self._by_key[name]
