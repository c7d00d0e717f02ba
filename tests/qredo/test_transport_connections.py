"""Connections: one a request, closed whatever happens, refused, and never across a fork."""

import contextlib
import gc
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qredo import Dns, QredoError, Refused, Reset, Timeout, Transport
from qredo.connections import OneRequestConnection
from qredo.framing import BadAnswer
from tests.qredo.server import Script, answer, dripping, raw, reset, serving


@pytest.fixture
def transport() -> Transport:
    return Transport(connect_timeout=2, read_timeout=2, deadline=3)


def test_every_request_has_a_connection_of_its_own(transport: Transport) -> None:
    # The server would keep it open; that costs no time, and nothing is sent on it again.
    with serving(answer(200, b"{}")) as server:
        began = time.monotonic()
        for _ in range(20):
            assert transport.get(server.url, {}).body == b"{}"
        assert time.monotonic() - began < 20  # of 40 s that silence may last
        assert server.connections == len(server.heads) == 20
        assert all("connection: close" in head for head in server.heads)


def test_the_next_request_is_not_given_an_answer_that_came_meanwhile(transport: Transport) -> None:
    # The second answer to the first request leaves when the second request is there.
    asked = threading.Event()

    def twice(sock: socket.socket) -> bool:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst")
        asked.wait(5)
        with contextlib.suppress(OSError):
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray")
        return True

    def second(sock: socket.socket) -> bool:
        asked.set()
        return answer(200, b"second")(sock)

    with serving(twice, second) as server:
        assert transport.get(server.url, {}).body == b"first"
        assert transport.get(server.url, {}).body == b"second"


def test_what_waits_before_the_request_keeps_it_from_being_sent() -> None:
    ours, theirs = socket.socketpair()
    connection = OneRequestConnection("127.0.0.1")
    connection.sock = ours
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        with pytest.raises(BadAnswer, match="began before the request"):
            connection.send(b"GET / HTTP/1.1\r\n\r\n")
        theirs.settimeout(0)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)


@pytest.mark.parametrize("status", [200, 401, 429, 503])
def test_an_early_hint_is_no_answer_to_anybody(transport: Transport, status: int) -> None:
    def hinting(sock: socket.socket) -> bool:
        sock.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n")
        return answer(status, b"of A")(sock)

    with serving(hinting, answer(200, b"of B")) as server:
        first = transport.get(server.url, {})
        assert (first.status, first.body) == (status, b"of A")
        assert transport.get(server.url, {}).body == b"of B"


@pytest.mark.parametrize(
    "broken", [reset, raw(b""), raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{")]
)
def test_what_breaks_off_is_not_asked_for_again(transport: Transport, broken: Script) -> None:
    with serving(answer(200, b"{}"), broken) as server:
        transport.get(server.url, {})
        with pytest.raises(Reset) as caught:
            transport.get(server.url, {})
        assert len(server.heads) == 2
    assert not caught.value.permanent


def test_no_path_leaves_a_socket_open(transport: Transport) -> None:
    scripts = (
        answer(200, b"{}"),
        answer(503),
        reset,
        raw(b"nonsense\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n{", keep=True),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}{}", keep=True),
        answer(200, b"no gzip", "Content-Encoding: gzip"),
    )
    impatient = Transport(connect_timeout=0.05, read_timeout=0.05, deadline=0.1)
    gc.collect()
    gc.disable()
    try:
        with serving(*scripts) as server:
            ours = sockets_to(server.port)
            for _ in scripts:
                with contextlib.suppress(QredoError):
                    transport.get(server.url, {})
            with contextlib.suppress(QredoError):  # plain HTTP does not shake hands
                impatient.get(server.url.replace("http:", "https:"), {})
            assert sockets_to(server.port) == ours == 0
    finally:
        gc.enable()


def sockets_to(port: int) -> int:
    """Count this process's open connections to a port of its own, without asking for any object."""
    remote = f"0100007F:{port:04X}"
    table = (line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:])
    inodes = {f"socket:[{row[9]}]" for row in table if row[2] == remote}
    return sum(link in inodes for link in map(read_link, Path("/proc/self/fd").iterdir()))


def read_link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""  # closed while we looked


def test_child_process_asks_by_itself_though_the_parent_was_asking(transport: Transport) -> None:
    # At the fork another thread of the parent holds the lock of what opens connections.
    with serving(answer(200, b"{}")) as server:
        transport.get(server.url, {})
        with transport._adapter_of_process().poolmanager.pools.lock:
            child = os.fork()
            if child == 0:
                signal.alarm(5)
                os._exit(0 if asked_elsewhere(transport, server.url) == b"{}" else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert transport.get(server.url, {}).body == b"{}"


def asked_elsewhere(transport: Transport, url: str) -> bytes:
    """Ask in a thread that never held a lock, and wait for it."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(transport.get, url, {}).result(4).body


def test_refused(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Refused, match=f"127.0.0.1:{port}"):
        transport.get(f"http://127.0.0.1:{port}/balance?made=up", {})


def test_unknown_name(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Dns, match=r"nowhere\.invalid"):
        transport.get("https://nowhere.invalid/balance", {})


def test_name_that_can_not_be_one(transport: Transport) -> None:
    with pytest.raises(Dns):
        transport.get(f"http://{'a' * 70}.localhost/", {})


def test_many_dead_addresses_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    def many(*_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))] * 50

    tried = []

    def blackhole(_address: object, limit: float, **_: object) -> None:
        tried.append(limit)
        raise TimeoutError

    monkeypatch.setattr(socket, "getaddrinfo", many)
    monkeypatch.setattr("qredo.connections.create_connection", blackhole)
    with pytest.raises(Timeout):
        Transport(connect_timeout=5, deadline=0.5).get("http://localhost:1/", {})
    assert tried
    assert all(limit <= 0.5 for limit in tried)


def test_environment_does_not_choose_a_proxy(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(answer(200, b"proxy")) as proxy, serving(answer(200, b"real")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert transport.get(server.url, {}).body == b"real"
        assert proxy.connections == 0


def test_proxy_refusal_keeps_the_headers() -> None:
    with serving(answer(407)) as proxy:
        transport = Transport(proxy=f"http://made:up@127.0.0.1:{proxy.port}")
        with pytest.raises(Refused, match="proxy") as caught:
            transport.get("https://qredo.invalid/balance", {"qredo-api-sig": "made-up"})
        assert proxy.heads[0].startswith("CONNECT qredo.invalid:443")
        assert "made-up" not in "".join(proxy.heads)
    assert "made:up" not in str(caught.value) + repr(transport)


@pytest.mark.parametrize("proxy", ["made:up@host", "ftp://host", "http://"])
def test_unusable_proxy_is_refused_without_echo(proxy: str) -> None:
    with pytest.raises(ValueError, match="proxy must be") as caught:
        Transport(proxy=proxy)
    assert "made" not in str(caught.value)


def test_loopback_does_not_go_through_the_proxy() -> None:
    with serving(answer(200, b"proxy")) as proxy, serving(answer(200, b"real")) as server:
        assert Transport(proxy=proxy.url).get(server.url, {}).body == b"real"
        assert proxy.connections == 0


TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (TUNNEL + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "more bytes follow its end"),
        (b"HTTP/1.1 101 Made Up\r\n\r\n", "switches to another protocol"),
        (b"HTTP/1.1 200 OK\r\nX : y\r\n\r\n", "a header is malformed"),
        (b"HTTP/1.1 200 OK\n\n", "a line does not end with CR LF"),
        (b"HTTP/1.1 200 OK\r\n", "closed before it was complete"),
        (b"nonsense\r\n\r\n", "status line"),
    ],
)
def test_a_proxy_s_odd_answer_is_refused_before_anything_signed_is_sent(
    said: bytes, words: str
) -> None:
    with serving(raw(said)) as proxy:
        transport = Transport(proxy=proxy.url, read_timeout=5)
        with pytest.raises(QredoError, match=words) as caught:
            transport.get("https://qredo.invalid/balance", {"qredo-api-sig": "made-up"})
        assert "the proxy's answer to CONNECT" in caught.value.detail
        assert len(proxy.heads) == 1
        assert "made-up" not in proxy.heads[0]


def test_a_proxy_that_drips_its_answer_is_held_to_the_deadline() -> None:
    drip = dripping(b"HTTP/1.1 200 OK\r\nX: ", b"y", every=0.05)
    with serving(drip) as proxy:
        transport = Transport(proxy=proxy.url, read_timeout=5, deadline=0.4)
        began = time.monotonic()
        with pytest.raises(Timeout):
            transport.get("https://qredo.invalid/balance", {})
        assert time.monotonic() - began < 2
