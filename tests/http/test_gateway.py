"""Requests are read whole before a thread is taken; nothing that a client does holds one."""

import asyncio
import json
import socket
import threading
from contextlib import ExitStack, closing
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from itertools import count
from typing import Any

import pytest

from qredo_dash.http import gateway
from qredo_dash.http.bodies import RefusedError
from tests.http.toy import LARGEST, PART


@dataclass(frozen=True)
class Answered:
    """A whole answer, its connection closed."""

    status: int
    headers: Message
    body: bytes


def answered(port: int, method: str, path: str, body: Any = None, **headers: str) -> Answered:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(HTTPConnection("127.0.0.1", port, timeout=15)) as link:
        link.request(method, path, body, named)
        with link.getresponse() as answer:
            return Answered(answer.status, answer.headers, answer.read())


def told(port: int, method: str, path: str, body: Any = None, **headers: str) -> Any:
    answer = answered(port, method, path, body, **headers)
    assert answer.status == 200
    return json.loads(answer.body)


def opened(port: int, text: str) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), timeout=15)
    link.sendall(text.encode("latin-1"))
    return link


def status_of(link: socket.socket) -> int:
    head = b""
    while b"\r\n" not in head:
        head += link.recv(4096)
    return int(head.split(b" ")[1])


SLOW = "POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\na"


def test_slow_senders_hold_no_thread_and_are_let_go(port: int) -> None:
    with ExitStack() as open_ones:
        slow = [open_ones.enter_context(opened(port, SLOW)) for _ in range(100)]
        assert told(port, "POST", "/y", b"quick")["body"] == "quick"
        assert {status_of(link) for link in slow} == {408}


def test_more_slow_senders_than_may_wait_keep_no_form_out(port: int) -> None:
    with ExitStack() as open_ones:
        slow = [open_ones.enter_context(opened(port, SLOW)) for _ in range(300)]
        assert told(port, "GET", "/y")["body"] == ""
        assert told(port, "POST", "/y", b"quick")["body"] == "quick"
        assert {status_of(link) for link in slow} == {408}


def test_a_body_that_says_it_is_far_too_large_is_refused_unread(port: int) -> None:
    with opened(port, "POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999\r\n\r\n") as link:
        assert status_of(link) == 413


@pytest.mark.parametrize("size", [LARGEST + 1, 20 * LARGEST])
def test_a_body_that_is_too_large_is_dropped_and_the_sender_told(port: int, size: int) -> None:
    for body in (bytes(size), iter([bytes(size)])):
        answer = answered(port, "POST", "/x", body)
        assert (answer.status, answer.body) == (413, b"<p>too much</p>")


def test_a_body_without_an_end_is_refused_once_it_is_far_too_large(port: int) -> None:
    with opened(port, "POST /x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n") as link:
        part = b"ffffff\r\n" + b"x" * 0xFFFFFF + b"\r\n"
        try:
            link.sendall(part * 3)
        except OSError:
            pass  # it is closed before all was sent
        assert status_of(link) == 413


def test_a_body_of_the_largest_size_arrives_whole(port: int) -> None:
    body = bytes(range(256)) * (LARGEST // 256)
    assert told(port, "POST", "/y", body)["body"].encode("latin-1") == body
    parts = iter([b"one ", b"two"])
    answer = told(port, "POST", "/y", parts)  # in chunks, since no length is known
    assert (answer["body"], answer["CONTENT_LENGTH"]) == ("one two", "7")


def test_a_header_whose_name_passes_for_another_ones_is_dropped(port: int) -> None:
    text = (
        "GET /x HTTP/1.1\r\nHost: t\r\nCookie: a=1\r\nX_Forwarded_For: 6.6.6.6\r\n"
        "X-Forwarded-For: 10.0.0.1\r\nx_forwarded-for: 6.6.6.7\r\nX-Forwarded-For: 10.0.0.2\r\n"
        "Cookie: b=2\r\nConnection: close\r\n\r\n"
    )
    with opened(port, text) as link:
        answer = b""
        while part := link.recv(65536):
            answer += part
    seen = json.loads(answer.split(b"\r\n\r\n", 1)[1])
    assert seen["HTTP_X_FORWARDED_FOR"] == "10.0.0.1,10.0.0.2"
    assert seen["HTTP_COOKIE"] == "a=1; b=2"
    assert seen["REMOTE_ADDR"] == "127.0.0.1"


def test_a_path_and_a_query_arrive_as_wsgi_has_them(port: int) -> None:
    seen = told(port, "GET", "/a%20b/%C3%A9?x=%20y&z=%E2%82%AC")
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/a b/é"
    assert seen["QUERY_STRING"] == "x=%20y&z=%E2%82%AC"
    for path in ("/%FF%00", "/%2e%2e/etc", "//x//", "/%F0%9F%92%B0"):
        assert told(port, "GET", path)["REQUEST_METHOD"] == "GET"


def test_answers_without_a_body_have_none(port: int) -> None:
    for status in (204, 304):
        answer = answered(port, "GET", f"/status/{status}")
        assert (answer.status, answer.headers["x-told"], answer.body) == (status, "1", b"")
        assert answer.headers.get_all("content-length") in (None, ["0"])
    answer = answered(port, "HEAD", "/y")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 100


def test_a_length_is_said_once(port: int) -> None:
    answer = answered(port, "GET", "/y")
    (length,) = answer.headers.get_all("content-length") or []
    assert int(length) == len(answer.body)


def test_a_large_answer_arrives_whole(port: int) -> None:
    assert answered(port, "GET", "/large").body == PART * 200


def test_a_reader_who_leaves_gives_the_thread_back(port: int) -> None:
    for _ in range(gateway.THREADS * 2):
        with opened(port, "GET /endless HTTP/1.1\r\nHost: t\r\n\r\n") as link:
            assert len(link.recv(65536)) > 0
    assert told(port, "GET", "/closed") is True
    assert told(port, "GET", "/y")["body"] == ""


def test_an_application_that_breaks_is_an_error_and_nothing_else(port: int) -> None:
    assert answered(port, "GET", "/broken").status == 500
    assert told(port, "GET", "/y")["body"] == ""


def one_session(number: int) -> str:
    """Return cookies that are the same session to Django, each written in another way."""
    ways = ("theme=dark; session=one", f"session=x{number}; session=one", 'session="one"')
    return ways[number % len(ways)]


def test_one_session_never_holds_all_threads(port: int) -> None:
    cookies = map(one_session, count())

    def hold() -> None:
        answered(port, "GET", "/hold", Cookie=next(cookies))

    threads = [threading.Thread(target=hold) for _ in range(gateway.THREADS * 2)]
    for thread in threads:
        thread.start()
    for _ in range(gateway.THREADS_A_SESSION):
        assert told(port, "GET", "/held") is True
    assert told(port, "GET", "/y", Cookie="session=two")["body"] == ""
    assert told(port, "GET", "/release") == "released"
    for thread in threads:
        thread.join(15)
        assert not thread.is_alive()


def test_of_one_session_only_so_many_wait_and_the_others_come_through() -> None:
    async def came(turns: gateway.Turns, session: str) -> None:
        async with turns.of(session):
            pass

    async def crowded() -> int:
        turns, ready = gateway.Turns(), asyncio.Event()

        async def stay() -> None:
            async with turns.of("busy"):
                await ready.wait()

        crowd = [asyncio.ensure_future(stay()) for _ in range(gateway.MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(RefusedError) as refused:
            await asyncio.wait_for(came(turns, "busy"), 5)
        await came(turns, "another")
        await came(turns, "")
        ready.set()
        await asyncio.gather(*crowd)
        await came(turns, "busy")
        return int(refused.value.status)

    assert asyncio.run(crowded()) == 429


def test_an_address_that_is_too_long_is_refused(port: int) -> None:
    assert told(port, "GET", "/y?" + "q" * 8_000)["REQUEST_METHOD"] == "GET"
    assert answered(port, "GET", "/y?" + "q" * 9_000).status == 414
