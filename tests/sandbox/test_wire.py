import re
import socket

import pytest

from qredo_sandbox.wire import MAX_HEAD
from tests.sandbox.harness import Simulator

GET = b"GET /qapi/v1/balance HTTP/1.1\r\n"
HOST = b"Host: 127.0.0.1\r\n"


def exchange(sim: Simulator, raw: bytes) -> bytes:
    """Send bytes as they are, and read until the simulator closes."""
    with socket.create_connection(("127.0.0.1", sim.port), timeout=10) as client:
        client.sendall(raw)
        received = b""
        while part := client.recv(65_536):
            received += part
    return received


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET  /qapi/v1/balance HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET http://127.0.0.1/qapi/v1/balance HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /qapi/v1/balance HTTP/1.0\r\n" + HOST + b"\r\n", 505),
        (GET + b"\r\n", 400),
        (GET + HOST + HOST + b"\r\n", 400),
        (GET + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (GET + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", 400),
        (GET + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
        (GET + HOST + b"Content-Length: +1\r\n\r\nx", 400),
        (GET + HOST + b"Content-Length: 999999999\r\n\r\n", 413),
        (GET + HOST + b"folded: a\r\n b\r\n\r\n", 400),
        (GET + HOST + b"name : value\r\n\r\n", 400),
        (GET + HOST + b"name: a\nother: b\r\n\r\n", 400),
        (GET + HOST + b"name: a\x00b\r\n\r\n", 400),
        (GET + HOST + b"long: " + b"x" * MAX_HEAD, 431),
        (GET + HOST + b"Expect: 100-continue\r\n\r\n", 417),
    ],
)
def test_what_is_not_clearly_one_request_ends_the_connection(
    sim: Simulator, raw: bytes, status: int
) -> None:
    received = exchange(sim, raw)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert received.count(b"\r\nDate: ") == 1
    assert b"\r\nConnection: close\r\n" in received


def test_requests_sent_at_once_are_answered_in_order(sim: Simulator) -> None:
    last = b"GET /none HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    received = exchange(sim, GET + HOST + b"\r\n" + last)
    assert re.findall(rb"HTTP/1\.1 (\d+)", received) == [b"401", b"404"]


def test_a_request_may_arrive_in_pieces(sim: Simulator) -> None:
    headers = sim.signed(sim.key("Custody"), body="pieces") | {"Connection": "close"}
    text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    raw = GET + f"Host: {sim.netloc}\r\n{text}Content-Length: 6\r\n\r\npieces".encode()
    with socket.create_connection(("127.0.0.1", sim.port), timeout=10) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(raw), 40):
            client.sendall(raw[at : at + 40])
        assert client.recv(12) == b"HTTP/1.1 200"
