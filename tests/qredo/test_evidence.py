"""What is kept of an answer that was rejected, and what is never in it."""

import hashlib
import json
import socket

import pytest

from qredo import Client, Evidence, NotJson, NotUnderstood, QredoError, Secret, TooLarge, Transport
from tests.qredo.keys import KEY_ID, NOW_S, SECRET_BYTES
from tests.qredo.server import LoopbackServer, Script, answer, raw, serving

MAX = 65_536


def rejected(
    server: LoopbackServer, *, max_bytes: int = 5_000_000, key_id: str = KEY_ID
) -> QredoError:
    client = Client(
        base_url=server.url,
        key_id=key_id,
        secret=Secret(SECRET_BYTES),
        transport=Transport(read_timeout=5, max_bytes=max_bytes),
        clock_ns=lambda: NOW_S * 1_000_000_000,
    )
    with pytest.raises(QredoError) as caught:
        client.balance()
    return caught.value


def kept(script: Script, *, max_bytes: int = 5_000_000) -> tuple[QredoError, Evidence]:
    with serving(script) as server:
        error = rejected(server, max_bytes=max_bytes)
    assert error.evidence is not None
    return error, error.evidence


def echo(server_heads: list[str], before: str, after: str) -> Script:
    """Answer with the signature that came, between two texts."""

    def script(sock: socket.socket) -> bool:
        lines = server_heads[-1].split("\r\n")
        signature = next(line for line in lines if line.startswith("qredo-api-sig")).split(": ")[1]
        body = f"{before}{signature}{after}".encode()
        return answer(200, body)(sock)

    return script


def echoed(before: str, after: str) -> tuple[QredoError, str]:
    heads: list[str] = []
    with serving(echo(heads, before, after)) as server:
        server.heads = heads
        error = rejected(server)
    lines = dict(line.split(": ", 1) for line in heads[0].split("\r\n")[1:] if line)
    return error, lines["qredo-api-sig"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"assets":{"BTC":{}}}' + b" " * 70_000, NotUnderstood),
        (b"<!DOCTYPE html><h1>Maintenance</h1>", NotJson),
        (b"", NotJson),
    ],
)
def test_the_first_64_kb_are_kept_with_the_digest_of_all(
    body: bytes, kind: type[QredoError]
) -> None:
    error, evidence = kept(answer(200, body))
    assert isinstance(error, kind)
    assert evidence == Evidence(body[:MAX], hashlib.sha256(body).digest(), len(body))


def test_where_it_was_not_understood_is_told() -> None:
    error, _ = kept(answer(200, b'{"assets":{"BTC":{}}}'))
    assert (error.asset, error.field) == ("BTC", "total")


def test_of_what_is_too_large_the_beginning_is_kept() -> None:
    body = b"x" * 70_000
    unannounced = raw(b"HTTP/1.1 200 OK\r\n\r\n" + body)
    error, evidence = kept(unannounced, max_bytes=69_998)
    assert isinstance(error, TooLarge)
    assert evidence == Evidence(body[:MAX], hashlib.sha256(body[:69_999]).digest(), 69_999)


def test_of_what_is_announced_as_too_large_nothing_is_read() -> None:
    with serving(answer(200, b"x" * 2_000)) as server:
        assert rejected(server, max_bytes=1_999).evidence is None


@pytest.mark.parametrize("status", [401, 500])
def test_an_error_of_qredos_own_is_no_evidence(status: int) -> None:
    with serving(answer(status, b"{}")) as server:
        assert rejected(server).evidence is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<pre>qredo-api-sig: ", "</pre>"),
        ('{"assets":{"', '":{}}}'),
        (" " * (MAX - 20), "x"),
        (" " * (MAX - 10), "x"),
        (" " * (MAX - 43), ""),
    ],
)
def test_an_echoed_signature_is_blotted_out(before: str, after: str) -> None:
    error, signature = echoed(before, after)
    assert error.evidence is not None
    body = error.evidence.body
    assert body == (before + "*" * len(signature) + after).encode()[:MAX]
    assert signature[:8] not in error.detail + str(error) + repr(error)


def test_an_echoed_key_id_is_blotted_out_in_any_case() -> None:
    body = json.dumps({"assets": {KEY_ID.upper(): {}}, "key": KEY_ID}).encode()
    error, evidence = kept(answer(200, body))
    assert KEY_ID.lower() not in evidence.body.decode().lower()
    assert KEY_ID.lower() not in error.detail.lower()
    assert len(evidence.body) == len(body)
    assert evidence.digest == hashlib.sha256(body).digest()


def test_a_short_key_id_takes_nothing_else_along() -> None:
    with serving(answer(200, b'["short", "shorter"]')) as server:
        evidence = rejected(server, key_id="short").evidence
    assert evidence is not None
    assert evidence.body == b'["*****", "*****er"]'


def test_no_repr_shows_the_bytes() -> None:
    error, evidence = kept(answer(200, b"made-up bytes"))
    assert "made-up" not in repr(evidence) + repr(error) + str(error) + repr(vars(error))


def test_of_an_answer_that_may_be_refused_later_an_echo_is_blotted_out() -> None:
    heads: list[str] = []
    coin = '{"total":1,"available":1,"pendingIn":0,"pendingOut":0,"scale":1}'
    before = f'{{"assets":[{{"BTC":{coin}}},{{"BTC":{coin}}}],"echo":"'
    with serving(echo(heads, before, '"}')) as server:
        server.heads = heads
        client = Client(
            base_url=server.url,
            key_id=KEY_ID,
            secret=Secret(SECRET_BYTES),
            transport=Transport(read_timeout=5),
            clock_ns=lambda: NOW_S * 1_000_000_000,
        )
        told = client.balance(sum_entries=True)
    lines = dict(line.split(": ", 1) for line in heads[0].split("\r\n")[1:] if line)
    signature = lines["qredo-api-sig"].encode()
    assert told.evidence is not None
    assert signature in told.body
    assert signature not in told.evidence.body
    assert told.evidence.digest == told.digest
    assert "evidence" not in repr(told)
