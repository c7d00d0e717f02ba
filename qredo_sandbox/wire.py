"""HTTP/1.1 on the wire: a strict request parser and the rendering of answers."""

import re
from dataclasses import dataclass, field
from http import HTTPStatus

MAX_HEAD = 16 * 1024
MAX_BODY = 16 * 1024 * 1024

_REQUEST_LINE = re.compile(r"([A-Z]{1,16}) (\S+) HTTP/1\.([0-9])")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
_LENGTH = re.compile(r"[0-9]{1,9}")
_TARGET = re.compile(r"/[!-~]*")


class BadRequest(Exception):  # noqa: N818 - named for the answer that it becomes
    """What arrived is not a request this server reads; the connection ends after the answer."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


@dataclass(slots=True)
class Request:
    """A request as received: header names in lower case, with the first value of each."""

    method: str
    target: str
    headers: dict[str, str]
    repeated: list[str] = field(default_factory=list)
    body: bytes = b""

    @property
    def keeps_open(self) -> bool:
        """Say whether the client means to send another request on this connection."""
        return self.headers.get("connection", "").lower() != "close"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before its date and length are added."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    date: str | None = None  # instead of the clock's; an empty one leaves the header out
    length_error: int = 0  # by how much Content-Length is more than the body


def parse(buffer: bytearray) -> tuple[Request, int] | None:
    """Return the first request in the buffer and its size, or None while it is incomplete."""
    end = buffer.find(b"\r\n\r\n", 0, MAX_HEAD)
    if end < 0:
        if len(buffer) >= MAX_HEAD:
            raise BadRequest("headers too large", 431)
        return None
    request = _head(buffer[:end].decode("latin-1"))
    size = end + 4 + _body_length(request)
    if len(buffer) < size:
        return None
    request.body = bytes(buffer[end + 4 : size])
    return request, size


def _head(text: str) -> Request:
    first, *lines = text.split("\r\n")
    matched = _REQUEST_LINE.fullmatch(first)
    if matched is None:
        raise BadRequest("malformed request line")
    method, target, minor = matched.groups()
    if minor != "1":
        raise BadRequest("HTTP/1.1 is spoken here", 505)
    if _TARGET.fullmatch(target) is None:
        raise BadRequest("malformed request target")
    request = Request(method, target, {})
    for line in lines:
        _add_header(request, line)
    _check_framing(request)
    return request


def _add_header(request: Request, line: str) -> None:
    matched = _HEADER.fullmatch(line)
    if matched is None:
        raise BadRequest("malformed header")
    name = matched[1].lower()
    if name in request.headers:
        request.repeated.append(name)
    else:
        request.headers[name] = matched[2]


def _check_framing(request: Request) -> None:
    """Refuse whatever two servers could cut into requests differently."""
    headers, repeated = request.headers, request.repeated
    if "transfer-encoding" in headers:
        raise BadRequest("transfer-encoding is not accepted")
    if "host" not in headers or "host" in repeated:
        raise BadRequest("exactly one host header is needed")
    if "content-length" in repeated:
        raise BadRequest("content-length given twice")
    if "expect" in headers:
        raise BadRequest("expectations are not met here", 417)


def _body_length(request: Request) -> int:
    text = request.headers.get("content-length", "0")
    if _LENGTH.fullmatch(text) is None:
        raise BadRequest("malformed content-length")
    length = int(text)
    if length > MAX_BODY:
        raise BadRequest("body too large", 413)
    return length


def interim() -> bytes:
    """Return an answer that is not the final one."""
    return b"HTTP/1.1 103 Early Hints\r\nLink: </qapi/v1>; rel=preconnect\r\n\r\n"


def chunked(head: bytes) -> bytes:
    """Return a rendered head as that of a body in chunks."""
    return re.sub(rb"Content-Length: [0-9]+", b"Transfer-Encoding: chunked", head)


def render(answer: Answer, date: str, *, keep_open: bool = True, bodiless: bool = False) -> bytes:
    """Return the bytes of an answer; ``bodiless`` is for HEAD, whose length counts all the same."""
    extra = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    if not keep_open:
        extra += "Connection: close\r\n"
    date = date if answer.date is None else answer.date
    dated = f"Date: {date}\r\n" if date else ""
    head = (
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
        f"{dated}"
        f"Content-Type: {answer.content_type}\r\n"
        f"Content-Length: {len(answer.body) + answer.length_error}\r\n"
        f"{extra}\r\n"
    )
    return head.encode("latin-1") + (b"" if bodiless else answer.body)
