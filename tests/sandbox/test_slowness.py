import http.client
import socket
import time
from collections.abc import Iterator

import pytest

from tests.sandbox.harness import Key, Simulator


@pytest.fixture
def key(sim: Simulator) -> Key:
    return sim.key("Custody")


def test_slow_answers_are_true_and_late(sim: Simulator, key: Key) -> None:
    told = sim.get(key).raw
    sim.fault(key, "slow", seconds=0.3)
    began = time.monotonic()
    assert sim.get(key).raw == told
    assert time.monotonic() - began >= 0.29


def test_dripping_answers_arrive_byte_by_byte(sim: Simulator, key: Key) -> None:
    told = sim.get(key)
    sim.fault(key, "drip", seconds=0)
    assert sim.get(key).raw == told.raw
    sim.fault(key, "drip", seconds=0.1)
    with pytest.raises(TimeoutError):
        impatient(sim, key)


def test_hanging_answers_never_come(sim: Simulator, key: Key) -> None:
    sim.fault(key, "hang")
    with pytest.raises(TimeoutError):
        impatient(sim, key)
    sim.fault(key, None)
    assert sim.get(key).status == 200


def impatient(sim: Simulator, key: Key) -> None:
    connection = sim.connect(timeout=0.05)
    try:
        connection.request("GET", "/qapi/v1/balance", headers=sim.signed(key))
        connection.getresponse()
    finally:
        connection.close()


def test_resets_are_resets(sim: Simulator, key: Key) -> None:
    sim.fault(key, "reset")
    with pytest.raises(ConnectionResetError) as raised:
        sim.get(key)
    # The client's own error for a clean end is a subclass that brings no number of the system's.
    assert not isinstance(raised.value, http.client.RemoteDisconnected)


def test_truncated_answers_end_early(sim: Simulator, key: Key) -> None:
    sim.fault(key, "truncated")
    with pytest.raises(http.client.IncompleteRead) as raised:
        sim.get(key)
    assert raised.value.partial.startswith(b'{"assets":')


def test_a_reset_in_the_middle_comes_after_a_part(sim: Simulator, key: Key) -> None:
    whole = sim.get(key)
    sim.fault(key, "reset_midway")
    received: list[bytes] = []
    with pytest.raises(ConnectionResetError):
        received.extend(piece for _, piece in pieces(sim, key))
    head, _, body = b"".join(received).partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(whole.raw) in head
    assert whole.raw.startswith(body)
    assert 0 < len(body) < len(whole.raw)


def test_slow_headers_drip_and_the_body_follows_at_once(sim: Simulator) -> None:
    key = sim.key("Spare personal")
    told = sim.get(key).raw
    sim.fault(key, "slow_headers", seconds=0.002)
    received = list(pieces(sim, key))
    assert len(received) > 1  # on a busy machine several bytes are read at once
    assert received[-1][1].endswith(told)
    head = b"".join(piece for _, piece in received)[: -len(told)]
    assert received[-1][0] >= 0.0018 * (len(head) - 1)


def test_a_dripping_body_comes_after_whole_headers(sim: Simulator) -> None:
    key = sim.key("Spare personal")
    told = sim.get(key).raw
    sim.fault(key, "drip_body", seconds=0.003)
    received = list(pieces(sim, key))
    head, _, body = received[0][1].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert len(body) < len(told)
    assert b"".join(piece for _, piece in received).endswith(told)
    assert received[-1][0] >= 0.0027 * (len(told) - 1)


def pieces(sim: Simulator, key: Key) -> Iterator[tuple[float, bytes]]:
    """Ask on a bare socket; yield what comes with the seconds that it took, until the end."""
    lines = [f"{name}: {value}" for name, value in sim.signed(key).items()]
    first = ["GET /qapi/v1/balance HTTP/1.1", f"Host: {sim.netloc}", "Connection: close"]
    with socket.create_connection(("127.0.0.1", sim.port), timeout=10) as client:
        client.sendall(("\r\n".join([*first, *lines]) + "\r\n\r\n").encode())
        began = time.monotonic()
        while piece := client.recv(65_536):
            yield time.monotonic() - began, piece
