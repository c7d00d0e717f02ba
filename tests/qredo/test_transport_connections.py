"""Connections: kept, replaced when stale, refused, and never across a fork."""

import os
import socket
import time
from collections.abc import Iterator

import pytest

from qredo import Dns, Refused, Reset, Timeout, Transport
from tests.qredo.server import answer, raw, reset, serving


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport(connect_timeout=2, read_timeout=2, deadline=3)
    yield made
    made.close()


def test_connection_is_kept(transport: Transport) -> None:
    with serving(answer(200, b"{}")) as server:
        for _ in range(3):
            transport.get(server.url, {})
        assert server.connections == 1


def test_stale_connection_is_replaced_once(transport: Transport) -> None:
    with serving(answer(200, b"{}"), reset, answer(200, b"[]")) as server:
        transport.get(server.url, {})
        assert transport.get(server.url, {}).body == b"[]"
        assert server.connections == 2
        assert len(server.heads) == 3


def test_the_retry_trusts_no_kept_connection(transport: Transport) -> None:
    # Between the failure and its retry another thread may take or give back connections.
    with serving(answer(200, b"{}")) as server:
        transport.get(server.url, {})
        transport._attempt(server.url, {}, ends=time.monotonic() + 3, fresh_only=True)
        assert server.connections == 2


def test_only_one_immediate_retry(transport: Transport) -> None:
    with serving(answer(200, b"{}"), reset) as server:
        transport.get(server.url, {})
        with pytest.raises(Reset):
            transport.get(server.url, {})
        assert len(server.heads) == 3


def test_reset_of_a_fresh_connection_is_not_retried(transport: Transport) -> None:
    with serving(reset) as server:
        with pytest.raises(Reset) as caught:
            transport.get(server.url, {})
        assert len(server.heads) == 1
    assert not caught.value.permanent


def test_answer_that_began_is_not_asked_for_again(transport: Transport) -> None:
    half = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{")
    with serving(answer(200, b"{}"), half) as server:
        transport.get(server.url, {})
        with pytest.raises(Reset):
            transport.get(server.url, {})
        assert len(server.heads) == 2


def test_unasked_bytes_never_pass_for_the_next_answer(transport: Transport) -> None:
    two = raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[unasked]",
        keep=True,
    )
    with serving(two, answer(200, b"[asked]")) as server:
        transport.get(server.url, {})
        assert transport.get(server.url, {}).body == b"[asked]"


def test_child_process_opens_its_own_connection(transport: Transport) -> None:
    with serving(answer(200, b"{}")) as server:
        transport.get(server.url, {})
        parent = transport._adapter_of_process()
        child = os.fork()
        if child == 0:
            os._exit(0 if transport._adapter_of_process() is not parent else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


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
