"""Answers whose framing is odd, byte for byte as the simulator sends them."""

import socket
import zlib

import pytest

from tests.sandbox.harness import Key, Simulator
from tests.sandbox.test_slowness import pieces

HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </qapi/v1>; rel=preconnect\r\n\r\n"


@pytest.fixture
def key(sim: Simulator) -> Key:
    return sim.key("Custody")


def received(sim: Simulator, key: Key) -> bytes:
    """Ask for the connection to be closed; return all that comes on it."""
    return b"".join(piece for _, piece in pieces(sim, key))


def test_an_interim_answer_comes_before_the_true_one(sim: Simulator, key: Key) -> None:
    told = sim.get(key).raw
    sim.fault(key, "interim", seconds=0.1)
    came = list(pieces(sim, key))
    assert came[-1][0] >= 0.09
    final = b"".join(piece for _, piece in came).removeprefix(HINT)
    assert final.startswith(b"HTTP/1.1 200 OK\r\n")
    assert final.endswith(b"\r\n\r\n" + told)


def test_a_second_answer_comes_unasked(sim: Simulator, key: Key) -> None:
    told = sim.get(key).raw
    sim.fault(key, "second_answer", seconds=0.02)
    first, _, second = received(sim, key).partition(told)
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert second.startswith(b"HTTP/1.1 200 OK\r\n")
    assert second.endswith(b'\r\n\r\n{"assets":{}}')


def test_on_a_kept_connection_the_second_answer_comes_to_the_next_request(
    sim: Simulator, key: Key
) -> None:
    sim.fault(key, "second_answer", count=1)
    lines = [f"{name}: {value}" for name, value in sim.signed(key).items()]
    head = ["GET /qapi/v1/balance HTTP/1.1", f"Host: {sim.netloc}", *lines, "", ""]
    asked = "\r\n".join(head).encode()
    with socket.create_connection(("127.0.0.1", sim.port), timeout=10) as client:
        client.sendall(asked * 2)
        came = b""
        while came.count(b"HTTP/1.1 200 OK") < 3:
            came += client.recv(65_536)
    assert came.index(b'{"assets":{}}') < came.rindex(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(("fault", "off"), [("short_length", -1), ("long_length", 1)])
def test_a_length_that_does_not_fit(sim: Simulator, key: Key, fault: str, off: int) -> None:
    told = sim.get(key).raw
    sim.fault(key, fault)
    head, _, body = received(sim, key).partition(b"\r\n\r\n")
    assert body == told
    assert b"Content-Length: %d\r\n" % (len(told) + off) in head + b"\r\n"


def test_a_gzip_that_is_cut(sim: Simulator, key: Key) -> None:
    told = sim.get(key).raw
    sim.fault(key, "cut_gzip")
    head, _, body = received(sim, key).partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert b"Content-Length: %d" % len(body) in head
    inflater = zlib.decompressobj(31)
    assert inflater.decompress(body) == told
    assert not inflater.eof


def test_chunks_without_end(sim: Simulator, key: Key) -> None:
    sim.fault(key, "endless_chunks", seconds=0)
    came = pieces(sim, key)
    data = b""
    while data.count(b"1\r\n \r\n") < 50:
        data += next(came)[1]
    came.close()  # type: ignore[attr-defined]
    head = data.partition(b"\r\n\r\n")[0]
    assert b"Transfer-Encoding: chunked" in head
    assert b"Content-Length" not in head
    assert sim.get(sim.key("Trading")).status == 200
