"""What goes out, byte for byte, and what each answer comes to."""

import base64
import hashlib
import hmac
import time

import pytest

from qredo import (
    AccountKind,
    Client,
    ClockSkewed,
    KeyRejected,
    NotJson,
    QredoError,
    RateLimited,
    Redirect,
    Secret,
    TimestampUnit,
    Transport,
    UpstreamError,
)
from tests.qredo.keys import KEY_ID, NOW_S, SECRET_BYTES
from tests.qredo.server import LoopbackServer, Script, answer, serving

BODY = b'{"assets":{"BTC":{"total":7,"available":5,"pendingIn":2,"pendingOut":0,"scale":1}}}'
NOW_DATE = "Tue, 14 Nov 2023 22:13:20 GMT"


def client_of(
    base_url: str, *, unit: TimestampUnit = TimestampUnit.SECONDS, now_s: int = NOW_S
) -> Client:
    return Client(
        base_url=base_url,
        key_id=KEY_ID,
        secret=Secret(SECRET_BYTES),
        transport=Transport(read_timeout=5),
        unit=unit,
        clock_ns=lambda: now_s * 1_000_000_000 + 999_999_999,
    )


def headers_of(server: LoopbackServer) -> dict[str, str]:
    lines = server.heads[-1].split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines if line)


def refusal(script: Script, *, now_s: int = NOW_S) -> QredoError:
    with serving(script) as server:
        with pytest.raises(QredoError) as caught:
            client_of(server.url, now_s=now_s).balance()
        assert len(server.heads) == 1
    return caught.value


@pytest.mark.parametrize("tail", ["", "/", "/qapi/v1", "/qapi/v1/"])
def test_the_url_that_is_signed_is_the_url_that_is_requested(tail: str) -> None:
    with serving(answer(200, BODY)) as server:
        client_of(server.url + tail).balance()
        sent = headers_of(server)
        path = server.heads[0].split(" ")[1]
    assert path == f"{tail.rstrip('/')}/balance"
    message = f"{NOW_S}GEThttp://{sent['Host']}{path}".encode()
    digest = hmac.digest(SECRET_BYTES, message, "sha256")
    assert sent["qredo-api-sig"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_the_four_headers_and_what_http_needs() -> None:
    with serving(answer(200, BODY)) as server:
        client_of(server.url).balance()
        sent = headers_of(server)
    assert sent.pop("qredo-api-sig")
    assert sent == {
        "Host": f"127.0.0.1:{server.port}",
        "accept": "application/json",
        "qredo-api-key": KEY_ID,
        "qredo-api-ts": str(NOW_S),
        "accept-encoding": "gzip, deflate",
        "connection": "close",
        "user-agent": "qredo-dash",
    }


def test_unit_of_the_timestamp() -> None:
    with serving(answer(200, BODY)) as server:
        client_of(server.url, unit=TimestampUnit.NANOSECONDS).balance()
        assert headers_of(server)["qredo-api-ts"] == f"{NOW_S}999999999"


def test_balance_answer() -> None:
    before = time.monotonic()
    with serving(answer(200, BODY)) as server:
        fresh = client_of(server.url).balance()
    assert fresh.body == BODY
    assert fresh.digest == hashlib.sha256(BODY).digest()
    assert [(one.asset, one.total) for one in fresh.balances.assets] == [("BTC", 7)]
    assert before <= fresh.sent_monotonic <= time.monotonic()


def test_account() -> None:
    body = b'{"settings":{"id":"u1","name":"Made Up","username":"made-up","email":"x"}}'
    with serving(answer(200, body)) as server:
        info = client_of(server.url).account()
        assert server.heads[0].startswith("GET /account ")
    assert (info.kind, info.uid, info.username) == (AccountKind.PERSONAL, "u1", "made-up")


def test_cookies_are_not_kept() -> None:
    with serving(answer(200, BODY, "Set-Cookie: made=up; Path=/")) as server:
        client = client_of(server.url)
        client.balance()
        client.balance()
        assert "cookie" not in server.heads[1].lower()


@pytest.mark.parametrize(
    ("status", "reason", "permanent"),
    [
        (204, "upstream_error", False),
        (206, "upstream_error", False),
        (400, "bad_request", True),
        (401, "key_rejected", True),
        (403, "permission", True),
        (404, "not_found", True),
        (407, "bad_request", True),
        (409, "bad_request", True),
        (418, "bad_request", True),
        (429, "rate_limited", False),
        (500, "upstream_error", False),
        (503, "upstream_error", False),
    ],
)
def test_statuses(status: int, reason: str, permanent: bool) -> None:  # noqa: FBT001 - a table
    error = refusal(answer(status))
    assert (error.reason, error.permanent) == (reason, permanent)
    assert "127.0.0.1" in error.detail
    assert "/balance" not in error.detail


def test_missing_permission_is_named() -> None:
    assert "permission Balances" in refusal(answer(403)).detail
    with serving(answer(403)) as server, pytest.raises(QredoError, match="Read-only"):
        client_of(server.url).account()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
def test_redirects_are_never_followed(status: int) -> None:
    with serving(answer(200, BODY)) as other:
        error = refusal(answer(status, b"", f"Location: http://localhost:{other.port}/?made=up"))
        assert (other.connections, other.heads) == (0, [])
    assert isinstance(error, Redirect)
    assert "to localhost," in error.detail
    assert "made" not in error.detail


@pytest.mark.parametrize("location", ["http://[", "//\x7f.invalid", "https://<b>.invalid/"])
def test_unreadable_redirects(location: str) -> None:
    error = refusal(answer(302, b"", f"Location: {location}"))
    assert "unreadable address" in error.detail


@pytest.mark.parametrize(
    ("off", "kind", "words"),
    [
        (27, KeyRejected, "rejected the API key"),
        (-27, KeyRejected, "rejected the API key"),
        # Half a second more than what Qredo allows may look like this.
        (-29, ClockSkewed, "29 s behind Qredo's"),
        (31, ClockSkewed, "31 s ahead of Qredo's"),
        (-600, ClockSkewed, "600 s behind Qredo's"),
    ],
)
def test_skewed_clock_is_told_from_a_rejected_key(off: int, kind: type, words: str) -> None:
    error = refusal(answer(401, b"", f"Date: {NOW_DATE}"), now_s=NOW_S + off)
    assert type(error) is kind
    assert words in error.detail
    assert error.skew_seconds == (off if kind is ClockSkewed else None)


@pytest.mark.parametrize("date", ["yesterday", "99", "Tue, 99 Nov 2023 22:13:20 GMT"])
def test_unreadable_date_blames_the_key(date: str) -> None:
    assert isinstance(refusal(answer(401, b"", f"Date: {date}")), KeyRejected)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 0),
        ("-7", 0),
        ("31536000", 3600),
        ("9" * 20, 3600),
        ("9" * 400, None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Tue, 14 Nov 2023 22:13:30 GMT", 10),
        ("Tue, 14 Nov 2023 22:13:00 GMT", 0),
        ("Thu, 14 Nov 2999 22:13:00 GMT", 3600),
    ],
)
def test_retry_after(text: str, seconds: int | None) -> None:
    for status, kind in ((429, RateLimited), (503, UpstreamError)):
        error = refusal(answer(status, b"", f"Retry-After: {text}"))
        assert type(error) is kind
        assert error.retry_after == seconds


def test_no_retry_after() -> None:
    assert refusal(answer(429)).retry_after is None


@pytest.mark.parametrize("code", ['"401"', "401", "1001", "-1", '""', "null", "4.01e2"])
def test_reason_of_the_api_is_passed_on(code: str) -> None:
    body = b'{"code":%s,"msg":"Unauthorized","detail":{"reason":"invalid signature"}}'
    assert '("invalid signature")' in refusal(answer(401, body % code.encode())).detail


@pytest.mark.parametrize(
    "said",
    [
        b"<script>x</script>",
        b"x" * 121,
        b"key made-up-key_1 unknown",
        b"sig " + b"A1" * 12,
        b"\\u202ex",
    ],
)
def test_reasons_that_are_not_plain_or_hold_a_key_are_dropped(said: bytes) -> None:
    error = refusal(answer(401, b'{"detail":{"reason":"%s"}}' % said))
    assert said.decode() not in error.detail
    assert '("' not in error.detail


@pytest.mark.parametrize("body", [b"[]", b'"x"', b'{"detail":null}', b"[" * 3_000, b" " * 9_999])
def test_odd_error_bodies(body: bytes) -> None:
    assert refusal(answer(401, body)).reason == "key_rejected"


def test_web_page_with_status_200() -> None:
    error = refusal(answer(200, b"<!DOCTYPE html><h1>Maintenance</h1>"))
    assert isinstance(error, NotJson)
    assert "web page" in error.detail


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1",
        "http://127.9.9.9",
        "http://localhost:1/x",
        "http://[::1]:8",
        "https://h.io",
    ],
)
def test_usable_base_urls(url: str) -> None:
    assert client_of(url)._base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.qredo.network/qapi/v1",
        "http://localhost.evil.invalid",
        "http://127.0.0.1.evil.invalid",
        "http://127.0.0.1@evil.invalid",
        "https://made:up@h.io",
        "http://10.0.0.1",
        "ftp://localhost",
        "localhost",
        "",
        "https://",
        "https://h/?a=b",
        "https://h/#x",
        "https://h/a/../b",
        "https://h/a b",
        "https://h:99999",
        "https://[::1",
        "https://bücher.invalid",
    ],
)
def test_unusable_base_urls(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        client_of(url)


def test_base_url_is_signed_as_http_sends_it() -> None:
    assert client_of("HTTPS://API.Example:443/Q/")._base_url == "https://api.example/Q"


def test_client_never_shows_its_key() -> None:
    shown = repr(client_of("https://h"))
    assert KEY_ID not in shown
    assert "made-up" not in shown
