"""An answer is taken only if it is complete, final, and nothing follows it."""

import gzip
import socket
import threading
import time
import zlib

import pytest

from qredo import NotJson, QredoError, Reset, TooLarge, Transport, UpstreamError
from qredo.framing import CLOSING_SECONDS, read_answer
from tests.qredo.server import Script, raw, reset, serving
from tests.qredo.test_client import client_of

BODY = b'{"assets":{"BTC":{"total":7}}}'
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 30\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ZIPPED = gzip.compress(BODY)
HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"
WHOLE = OK + LENGTH + b"\r\n" + BODY


TRANSPORT = Transport(read_timeout=5, max_bytes=100_000)


def asked(script: Script) -> bytes:
    with serving(script) as server:
        return TRANSPORT.get(server.url, {}).body


def zipped(body: bytes, coding: str = "gzip") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


TAKEN = {
    "length": WHOLE,
    "length-twice-alike": OK + LENGTH + LENGTH + b"\r\n" + BODY,
    "length-in-a-list-alike": OK + b"Content-Length: 30, 30\r\n\r\n" + BODY,
    "length-with-zeros": OK + b"Content-Length: 0030\r\n\r\n" + BODY,
    "chunk": CHUNKED + b"1e\r\n" + BODY + b"\r\n0\r\n\r\n",
    "chunks": CHUNKED + b"1\r\n{\r\n01D ; a=b\r\n" + BODY[1:] + b"\r\n00;x\r\n\r\n",
    "trailers": CHUNKED + b"1E\r\n" + BODY + b"\r\n0\r\nX: y\r\nZ:\r\n\r\n",
    "chunked-in-capitals": CHUNKED.replace(b"chunked", b" Chunked ") + b"1e\r\n" + BODY
    + b"\r\n0\r\n\r\n",
    "until-the-end": OK + b"\r\n" + BODY,
    "http-1.0": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    "http-1.0-with-length": b"HTTP/1.0 200 OK\r\n" + LENGTH + b"\r\n" + BODY,
    "no-phrase": b"HTTP/1.1 200\r\n" + LENGTH + b"\r\n" + BODY,
    "odd-header": OK + b"X-1: a\xe9\x07\r\n" + LENGTH + b"\r\n" + BODY,
    "hint": HINT + WHOLE,
    "hints": HINT + b"HTTP/1.1 100 Continue\r\n\r\n" + b"HTTP/1.1 102\r\n\r\n" * 14 + WHOLE,
    "hint-with-length": HINT[:-2] + b"Content-Length: 99\r\n\r\n" + WHOLE,
    "gzip": zipped(ZIPPED),
    "deflate": zipped(zlib.compress(BODY), "deflate"),
    "gzip-in-chunks": CHUNKED[:-2] + b"Content-Encoding: gzip\r\n\r\n"
    + b"".join(b"1\r\n" + bytes([byte]) + b"\r\n" for byte in ZIPPED) + b"0\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("data", TAKEN.values(), ids=TAKEN)
def test_a_whole_answer_is_taken(data: bytes) -> None:
    assert asked(raw(data)) == BODY


@pytest.mark.parametrize(
    "data", [data for name, data in TAKEN.items() if "end" not in name and name != "http-1.0"]
)
def test_a_connection_that_stays_open_costs_no_time(data: bytes) -> None:
    began = time.monotonic()
    assert asked(raw(data, keep=True)) == BODY
    assert time.monotonic() - began < 4  # of 5 s that silence may last


REFUSED: dict[str, tuple[bytes, type[QredoError], str]] = {
    # Lengths that do not fit.
    "cut": (OK + b"Content-Length: 31\r\n\r\n" + BODY, Reset, "closed before it was complete"),
    "bytes-after": (WHOLE + b" ", UpstreamError, "more bytes follow its end"),
    "second-answer": (WHOLE * 2, UpstreamError, "more bytes follow its end"),
    "stray-hint": (WHOLE + HINT, UpstreamError, "more bytes follow its end"),
    "lengths": (
        OK + b"Content-Length: 30\r\nContent-Length: 31\r\n\r\n" + BODY,
        UpstreamError,
        "several Content-Lengths",
    ),
    **{
        f"length-{text!r}": (
            OK + b"Content-Length: " + text + b"\r\n\r\n" + BODY,
            UpstreamError,
            "no number of bytes",
        )
        for text in (b"", b"+30", b"-1", b"3_0", b"30.0", b"0x1e", b"30,", b"\xb2", b"9" * 19)
    },
    "length-and-chunks": (
        CHUNKED[:-2] + LENGTH + b"\r\n" + BODY,
        UpstreamError,
        "both Content-Length and Transfer-Encoding",
    ),
    "too-long": (OK + b"Content-Length: 100001\r\n\r\n", TooLarge, "larger than 100000 bytes"),
    # Chunks.
    "chunks-without-end": (CHUNKED + b"1e\r\n" + BODY + b"\r\n", Reset, "closed before"),
    "chunk-cut": (CHUNKED + b"1f\r\n" + BODY, Reset, "closed before"),
    "no-last-line": (CHUNKED + b"1e\r\n" + BODY + b"\r\n0\r\n", Reset, "closed before"),
    "bytes-after-chunks": (
        CHUNKED + b"1e\r\n" + BODY + b"\r\n0\r\n\r\n{",
        UpstreamError,
        "more bytes follow its end",
    ),
    "chunk-too-short": (
        CHUNKED + b"1d\r\n" + BODY + b"\r\n0\r\n\r\n",
        UpstreamError,
        "longer or shorter than it says",
    ),
    **{
        f"chunk-size-{text!r}": (
            CHUNKED + text + b"\r\n" + BODY + b"\r\n0\r\n\r\n",
            UpstreamError,
            "size of a chunk is malformed",
        )
        for text in (
            b"",
            b"-1e",
            b"+1e",
            b"0x1e",
            b"1_e",
            b" 1e",
            b"1e ",
            b"g",
            b"1e\t1",
            b"1" * 16,
        )
    },
    "chunk-line-feed": (CHUNKED + b"1e\n" + BODY + b"\n0\n\n", UpstreamError, "end with CR LF"),
    "odd-trailer": (
        CHUNKED + b"1e\r\n" + BODY + b"\r\n0\r\n{}\r\n\r\n",
        UpstreamError,
        "header is malformed",
    ),
    "endless-chunks": (CHUNKED + b"1\r\n \r\n" * 65_537, UpstreamError, "more than 65536 chunks"),
    "large-chunks": (
        CHUNKED + (b"4e20\r\n" + b" " * 20_000 + b"\r\n") * 6,
        TooLarge,
        "larger than 100000 bytes",
    ),
    **{
        f"coding-{text!r}": (
            OK + b"Transfer-Encoding: " + text + b"\r\n\r\n1e\r\n" + BODY + b"\r\n0\r\n\r\n",
            UpstreamError,
            "Transfer-Encoding is not chunked",
        )
        for text in (b"", b"gzip", b"gzip, chunked", b"chunked, chunked", b"identity", b"xchunked")
    },
    "chunks-of-http-1.0": (
        CHUNKED.replace(b"1.1", b"1.0") + b"1e\r\n" + BODY + b"\r\n0\r\n\r\n",
        UpstreamError,
        "not of HTTP/1.1",
    ),
    # Statuses that have no body, or are no answer.
    **{
        f"{status}-{name}": (
            b"HTTP/1.1 %d Made Up\r\n" % status + rest,
            UpstreamError,
            f"status {status} has not" if named else "more bytes follow its end",
        )
        for status in (204, 205, 304)
        for name, rest, named in (
            ("length", LENGTH + b"\r\n" + BODY, status != 304),
            ("chunks", CHUNKED[len(OK) :] + b"1e\r\n" + BODY + b"\r\n0\r\n\r\n", True),
            ("body", b"Content-Length: 0\r\n\r\n" + BODY, False),
        )
    },
    "switch": (b"HTTP/1.1 101 Switching\r\n\r\n" + WHOLE, UpstreamError, "switches to another"),
    "only-a-hint": (HINT, Reset, "closed before"),
    "endless-hints": (HINT * 17 + WHOLE, UpstreamError, "more than 16 interim answers"),
    # Heads.
    **{
        f"status-line-{text!r}": (
            text + b"\r\n" + LENGTH + b"\r\n" + BODY,
            UpstreamError,
            "does not begin with a status line",
        )
        for text in (
            BODY,
            b"",
            b" HTTP/1.1 200 OK",
            b"HTTP/0.9 200 OK",
            b"HTTP/1.10 200 OK",
            b"HTTP/2 200 OK",
            b"HTTP/1.1  200 OK",
            b"HTTP/1.1 2OO OK",
            b"HTTP/1.1 099 OK",
            b"HTTP/1.1 1000 OK",
            b"HTTP/1.1 20 OK",
            b"HTTP/1.1 200\x00OK",
            b"http/1.1 200 OK",
            b"ICY 200 OK",
        )
    },
    "http-0.9": (BODY, Reset, "closed before"),
    **{
        f"header-{text!r}": (
            OK + text + b"\r\n" + LENGTH + b"\r\n" + BODY,
            UpstreamError,
            "header is malformed",
        )
        for text in (
            b" folded",
            b"\tX: y",
            b"X : y",
            b"X",
            b": y",
            b"X: a\x00b",
            b"X: a\rb",
            b"\xff: y",
        )
    },
    "line-feeds": (WHOLE.replace(b"\r\n", b"\n"), UpstreamError, "end with CR LF"),
    "length-line-feed": (
        OK + b"X: y\nContent-Length: 2\r\n\r\n" + BODY,
        UpstreamError,
        "end with CR LF",
    ),
    "long-line": (OK + b"X: " + b"y" * 65_536 + b"\r\n\r\n", UpstreamError, "a line of more than"),
    "many-headers": (OK + b"X: y\r\n" * 101 + b"\r\n", UpstreamError, "more than 100 headers"),
    # Compression.
    "gzip-cut": (zipped(ZIPPED[:-1]), NotJson, "its gzip was cut off"),
    "gzip-without-check": (zipped(ZIPPED[:-8]), NotJson, "its gzip was cut off"),
    "gzip-wrong-check": (
        zipped(ZIPPED[:-8] + bytes(4) + ZIPPED[-4:]),
        NotJson,
        "can not be decompressed",
    ),
    "gzip-bytes-after": (zipped(ZIPPED + b"\0"), NotJson, "follow the end of its gzip"),
    "gzip-members": (zipped(ZIPPED * 2), NotJson, "follow the end of its gzip"),
    "gzip-that-is-none": (zipped(BODY), NotJson, "can not be decompressed"),
    "gzip-cut-by-the-end": (
        OK + b"Content-Encoding: gzip\r\n\r\n" + ZIPPED[:-1],
        NotJson,
        "its gzip was cut off",
    ),
    "deflate-cut": (zipped(zlib.compress(BODY)[:-1], "deflate"), NotJson, "deflate was cut off"),
    "deflate-after": (zipped(zlib.compress(BODY) + b"x", "deflate"), NotJson, "follow the end"),
    "unasked-coding": (zipped(BODY, "br"), NotJson, "Content-Encoding that was not asked for"),
    "two-codings": (zipped(gzip.compress(ZIPPED), "gzip, gzip"), NotJson, "was not asked for"),
}


@pytest.mark.parametrize(("data", "kind", "words"), REFUSED.values(), ids=REFUSED)
def test_any_other_answer_is_refused_by_name(
    data: bytes, kind: type[QredoError], words: str
) -> None:
    with pytest.raises(QredoError) as caught:
        asked(raw(data))
    assert type(caught.value) is kind
    assert words in caught.value.detail
    assert caught.value.detail.startswith("The answer of 127.0.0.1:")
    assert caught.value.detail.endswith("tried again.") is not caught.value.permanent


@pytest.mark.parametrize("status", [204, 205, 304])
def test_statuses_without_a_body_are_answers_without_one(status: int) -> None:
    length = b"Content-Length: 30\r\n" if status == 304 else b"Content-Length: 0\r\n"
    with serving(raw(b"HTTP/1.1 %d Made Up\r\n" % status + length + b"\r\n", keep=True)) as server:
        got = TRANSPORT.get(server.url, {})
    assert (got.status, got.body) == (status, b"")


def test_what_follows_later_is_seen_if_the_server_said_that_it_closes() -> None:
    closing = WHOLE.replace(b"OK\r\n", b"OK\r\nConnection: x, Close\r\n")
    with serving(raw(closing)) as server:
        assert TRANSPORT.get(server.url, {}).body == BODY

    def in_two_parts(sock: socket.socket) -> bool:
        sock.sendall(closing)
        threading.Event().wait(0.01)
        sock.sendall(b"stray")
        return False

    with pytest.raises(UpstreamError, match="more bytes follow its end"):
        asked(in_two_parts)


class Patient:
    """A connection on which the answer has arrived; it keeps for how long an end is waited for."""

    def __init__(self, data: bytes) -> None:
        self._data = [data]
        self.waited: list[float] = []

    def receive(self) -> bytes:
        return self._data.pop() if self._data else b""

    def is_silent(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return True


@pytest.mark.parametrize(
    ("first", "header", "waits"),
    [
        (b"HTTP/1.1 200 OK", b"", False),
        (b"HTTP/1.1 200 OK", b"Connection: keep-alive\r\n", False),
        (b"HTTP/1.1 200 OK", b"Connection: keep-alive, CLOSE\r\n", True),
        (b"HTTP/1.0 200 OK", b"", True),
        (b"HTTP/1.0 200 OK", b"Connection: Keep-Alive\r\n", False),
    ],
)
def test_only_who_says_that_it_closes_is_waited_for(
    first: bytes, header: bytes, *, waits: bool
) -> None:
    source = Patient(first + b"\r\n" + LENGTH + header + b"\r\n" + BODY)
    assert read_answer(source, max_bytes=100)[1] == BODY
    assert source.waited == [CLOSING_SECONDS if waits else 0]


def test_who_said_so_and_stays_is_waited_for_shortly() -> None:
    began = time.monotonic()
    assert asked(raw(WHOLE.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"), keep=True)) == BODY
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("name", ["length", "chunks", "trailers", "gzip", "gzip-in-chunks", "hint"])
def test_no_part_of_an_answer_passes_for_the_whole(name: str) -> None:
    data = TAKEN[name]
    parts = [raw(data[:size]) for size in range(0, len(data), 7)]
    with serving(*parts) as server:
        for _ in parts:
            with pytest.raises(Reset):
                TRANSPORT.get(server.url, {})


def test_where_only_the_end_of_the_connection_tells_the_end_the_json_tells_it_too() -> None:
    # A JSON object without its end is none, whatever is missing of it.
    parts = [raw(OK + b"\r\n" + BODY[:size]) for size in range(len(BODY))]
    with serving(*parts) as server:
        client = client_of(server.url)
        for _ in parts:
            with pytest.raises(NotJson):
                client.balance()


def test_a_reset_behind_a_whole_answer_takes_nothing_from_it() -> None:
    def whole_and_reset(sock: socket.socket) -> bool:
        sock.sendall(WHOLE)
        return reset(sock)

    assert asked(whole_and_reset) == BODY
