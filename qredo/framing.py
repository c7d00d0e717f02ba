"""HTTP/1.1 message framing: one answer, complete, final, with nothing after it (RFC 9112).

Python's own reader takes what it can: an early hint for the answer, a body that was cut for a whole
one, `1_0` for a length. Balances need the opposite, so whatever two readers could take differently
is refused, and named.
"""

import http.client
import re
from dataclasses import dataclass
from typing import Final, Protocol

from qredo.errors import QredoError, Reset, TooLarge, UpstreamError

MAX_LINE_BYTES: Final = 65_536
MAX_FIELDS: Final = 100
MAX_INTERIM_ANSWERS: Final = 16
#: An answer of 10,000 assets that is sent asset by asset has a sixth of it.
MAX_CHUNKS: Final = 65_536
#: How long the end of a connection is waited for that the server said it closes. What comes later
#: is never read; so late it would be no part of this answer anyway.
CLOSING_SECONDS: Final = 0.05

#: Other control characters stay what they are (RFC 9110, 5.5): nothing is cut by them.
_TEXT = rb"[^\x00\r\n]*"
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: " + _TEXT + rb")?")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*(" + _TEXT + rb"?)[\t ]*")
_CHUNK_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[\t ]*;" + _TEXT + rb")?")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")


class BadAnswer(http.client.HTTPException):
    """An answer that is not taken: `what` says why, `kind` is the error that it becomes.

    `what` completes "The answer is not taken: ..." and quotes nothing of the answer.
    """

    def __init__(self, what: str, kind: type[QredoError] = UpstreamError) -> None:
        super().__init__(what)
        self.what = what
        self.kind = kind


class Source(Protocol):
    """The receiving side of a connection."""

    def receive(self) -> bytes:
        """Return bytes as they come, none at the end of the connection; TimeoutError if late."""

    def is_silent(self, seconds: float) -> bool:
        """Say whether nothing comes within so many seconds, or the connection ends."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and header fields of an answer, names in lower case, values in order."""

    minor_version: int
    status: int
    fields: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """Return the members of a field that is a list, in lower case."""
        lists = (value.split(",") for field, value in self.fields if field == name)
        return [member.strip("\t ").lower() for members in lists for member in members]

    @property
    def announces_close(self) -> bool:
        """Say whether the server closes the connection after this answer."""
        tokens = self.values("connection")
        return "close" in tokens or (self.minor_version == 0 and "keep-alive" not in tokens)


def read_answer(source: Source, *, max_bytes: int) -> tuple[Head, bytes]:
    """Read the answer to the only request of a connection; raises BadAnswer.

    A body longer than `max_bytes` is read a byte further than that, which tells it, and no more.
    """
    stream = _Stream(source)
    head = stream.final_head()
    body = _body(stream, head, max_bytes)
    if head.status == 205 and body:
        raise BadAnswer("it has a body, which status 205 has not")
    if len(body) <= max_bytes:
        stream.check_end(CLOSING_SECONDS if head.announces_close else 0)
    return head, body


def read_tunnel(source: Source) -> Head:
    """Read a proxy's answer to CONNECT: its head. In a tunnel the server never speaks first."""
    stream = _Stream(source)
    head = stream.final_head()
    if 200 <= head.status < 300:
        stream.check_end(0)
    return head


class _Stream:
    """What has arrived and was not read yet."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._held = bytearray()

    def final_head(self) -> Head:
        """Skip interim answers (RFC 9110, 15.2), except that no protocol may be switched."""
        for _ in range(MAX_INTERIM_ANSWERS + 1):
            head = self._head()
            if head.status == 101:
                raise BadAnswer("it switches to another protocol (status 101), unasked")
            if head.status >= 200:
                return head
        raise BadAnswer(f"more than {MAX_INTERIM_ANSWERS} interim answers came before it")

    def _head(self) -> Head:
        first = _STATUS_LINE.fullmatch(self.line())
        if first is None:
            raise BadAnswer("it does not begin with a status line of HTTP/1.1")
        return Head(int(first[1]), int(first[2]), self.fields())

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Read header or trailer fields and the empty line that ends them."""
        fields = []
        while line := self.line():
            field = _FIELD.fullmatch(line)
            if field is None:
                raise BadAnswer("a header is malformed")
            fields.append((field[1].decode("ascii").lower(), field[2].decode("latin-1")))
            if len(fields) > MAX_FIELDS:
                raise BadAnswer(f"it has more than {MAX_FIELDS} headers")
        return tuple(fields)

    def line(self) -> bytes:
        """Read a line without the CR LF that ends it."""
        end = start = 0
        while (end := self._held.find(b"\n", start)) < 0:
            if len(self._held) > MAX_LINE_BYTES:
                break
            start = len(self._held)
            self._receive()
        if not 0 <= end <= MAX_LINE_BYTES:
            raise BadAnswer(f"it has a line of more than {MAX_LINE_BYTES} bytes")
        line = self._taken(end + 1)
        if not line.endswith(b"\r\n"):
            raise BadAnswer("a line does not end with CR LF")
        return line[:-2]

    def exactly(self, size: int) -> bytes:
        """Read so many bytes."""
        while len(self._held) < size:
            self._receive()
        return self._taken(size)

    def to_the_end(self, most: int) -> bytes:
        """Read until the connection ends or there are more bytes than `most`."""
        while len(self._held) <= most and (data := self._source.receive()):
            self._held += data
        return self._taken(most + 1)

    def check_end(self, seconds: float) -> None:
        """Refuse bytes that follow the end of the answer."""
        if self._held or not self._source.is_silent(seconds):
            raise BadAnswer("more bytes follow its end")

    def _receive(self) -> None:
        data = self._source.receive()
        if not data:
            raise BadAnswer("the connection was closed before it was complete", Reset)
        self._held += data

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken


def _body(stream: _Stream, head: Head, max_bytes: int) -> bytes:
    lengths, codings = head.values("content-length"), head.values("transfer-encoding")
    if lengths and codings:
        raise BadAnswer("it has both Content-Length and Transfer-Encoding")
    if codings:
        return _chunked(stream, head, max_bytes)
    size = _size(lengths)
    if head.status == 304 or (head.status == 204 and not size):
        return b""
    if head.status == 204:
        raise BadAnswer("it has a body, which status 204 has not")
    if size is None:
        return stream.to_the_end(max_bytes)
    if size > max_bytes:
        raise BadAnswer(f"it is larger than {max_bytes} bytes", TooLarge)
    return stream.exactly(size)


def _size(lengths: list[str]) -> int | None:
    if not all(_LENGTH.fullmatch(length) for length in lengths):
        raise BadAnswer("its Content-Length is no number of bytes")
    sizes = {int(length) for length in lengths}
    if len(sizes) > 1:
        raise BadAnswer("it has several Content-Lengths that differ")
    return sizes.pop() if sizes else None


def _chunked(stream: _Stream, head: Head, max_bytes: int) -> bytes:
    if head.values("transfer-encoding") != ["chunked"] or not head.minor_version:
        raise BadAnswer("its Transfer-Encoding is not chunked, or not of HTTP/1.1")
    if head.status in (204, 304):
        raise BadAnswer(f"it has a body, which status {head.status} has not")
    body = bytearray()
    for _ in range(MAX_CHUNKS):
        line = _CHUNK_LINE.fullmatch(stream.line())
        if line is None:
            raise BadAnswer("the size of a chunk is malformed")
        size = int(line[1], 16)
        if not size:
            stream.fields()
            return bytes(body)
        body += stream.exactly(min(size, max_bytes + 1 - len(body)))
        if len(body) > max_bytes:
            return bytes(body)
        if stream.exactly(2) != b"\r\n":
            raise BadAnswer("a chunk is longer or shorter than it says")
    raise BadAnswer(f"it has more than {MAX_CHUNKS} chunks")
