"""Time and size have an end, whatever the server does."""

import gzip
import time
import tracemalloc
import zlib

import pytest

from qredo import NotJson, Reset, Timeout, TooLarge, Transport, UpstreamError
from tests.qredo.server import LoopbackServer, Script, answer, dripping, raw, serving

MEGABYTE = 1_048_576


def fetch(server: LoopbackServer, transport: Transport) -> bytes:
    return transport.get(f"{server.url}/balance", {}).body


@pytest.mark.parametrize(
    "script",
    [
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" ", every=0.05),
        dripping(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", every=0.05
        ),
        dripping(b"HTTP/1.1 200 OK\r\nX-Drip: ", b"a", every=0.05),
        dripping(b"HTTP/1.1 ", b"2", every=0.05),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", every=0.05),
    ],
    ids=["body", "chunks", "headers", "status", "endless-continue"],
)
def test_dripping_ends_at_the_deadline(script: Script) -> None:
    transport = Transport(read_timeout=5, deadline=0.4)
    with serving(script) as server:
        started = time.monotonic()
        with pytest.raises(Timeout) as caught:
            fetch(server, transport)
        assert 0.3 < time.monotonic() - started < 2
    assert f"127.0.0.1:{server.port}" in caught.value.detail


def test_silence_ends_at_the_read_timeout() -> None:
    with serving(dripping(b"", b"", every=0.05)) as server, pytest.raises(Timeout):
        fetch(server, Transport(read_timeout=0.2, deadline=30))


def test_announced_size_is_refused_at_once() -> None:
    huge = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5242881\r\n\r\n", keep=True)
    with serving(huge) as server, pytest.raises(TooLarge):
        fetch(server, Transport(read_timeout=5))


def test_exactly_the_bound_is_taken() -> None:
    with serving(answer(200, b"x" * 1_000)) as server:
        assert len(fetch(server, Transport(max_bytes=1_000))) == 1_000
        with pytest.raises(TooLarge):
            fetch(server, Transport(max_bytes=999))


def test_unannounced_size_is_refused() -> None:
    endless = raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000)
    with serving(endless) as server, pytest.raises(TooLarge):
        fetch(server, Transport(max_bytes=2_000))


def test_compressed_answers_are_read() -> None:
    scripts = (
        answer(200, gzip.compress(b'{"a":1}'), "Content-Encoding: gzip"),
        answer(200, gzip.compress(b'{"a":1}'), "Content-Encoding: X-GZIP "),
        answer(200, zlib.compress(b'{"a":1}'), "Content-Encoding: deflate"),
        answer(200, zlib.compress(b'{"a":1}', wbits=-15), "Content-Encoding: deflate"),
        answer(200, b'{"a":1}', "Content-Encoding: identity"),
    )
    with serving(*scripts) as server:
        transport = Transport()
        assert [fetch(server, transport) for _ in scripts] == [b'{"a":1}'] * len(scripts)


def test_an_empty_body_has_no_coding_to_fail_in() -> None:
    with serving(answer(429, b"", "Content-Encoding: gzip")) as server:
        assert Transport().get(server.url, {}).status == 429


@pytest.mark.parametrize(
    ("encoding", "kind"), [("gzip", TooLarge), ("deflate", TooLarge), ("gzip, gzip", NotJson)]
)
def test_bombs_are_refused_in_little_memory(encoding: str, kind: type[Exception]) -> None:
    # Codings that were not asked for are not even begun with.
    blank = b" " * (100 * MEGABYTE)
    bomb = zlib.compress(blank) if encoding == "deflate" else gzip.compress(blank, 1)
    with serving(answer(200, bomb, f"Content-Encoding: {encoding}")) as server:
        transport = Transport()
        tracemalloc.start()
        with pytest.raises(kind):
            fetch(server, transport)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 20 * MEGABYTE


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{", Reset),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", Reset),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", NotJson),
        (b"\x00\x01 what is this\r\n\r\n", UpstreamError),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n", UpstreamError),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", UpstreamError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab", UpstreamError),
    ],
    ids=["cut", "cut-chunk", "bad-gzip", "no-http", "long-line", "many-lines", "two-lengths"],
)
def test_broken_answers_have_a_reason(data: bytes, kind: type[Exception]) -> None:
    with serving(raw(data)) as server, pytest.raises(kind):
        fetch(server, Transport())
