"""Whatever a request may raise becomes one of our errors, and holds nothing of the request."""

import errno
import gzip
import http.client
import pickle
import socket
import ssl
from collections.abc import Iterator
from types import TracebackType
from typing import TypeVar

import pytest
import requests.exceptions
import urllib3.exceptions

import qredo
from qredo import Evidence, QredoError, Reason, Secret, Transport
from qredo.failures import REQUEST_ERRORS, failure_from
from tests.qredo.keys import KEY_ID, SECRET_BYTES, SECRET_TEXT
from tests.qredo.server import Script, answer, raw, reset, serving

Kind = TypeVar("Kind")


def subclasses(kind: type[Kind]) -> Iterator[type[Kind]]:
    yield kind
    for child in kind.__subclasses__():
        yield from subclasses(child)


ROOTS: tuple[type[BaseException], ...] = (
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
)

FOREIGN = sorted(
    {
        kind
        for root in ROOTS
        for kind in subclasses(root)
        if kind.__module__.split(".")[0]
        in ("builtins", "http", "requests", "socket", "ssl", "urllib3")
    },
    key=lambda kind: (kind.__module__, kind.__qualname__),
)


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_foreign_error_is_caught_and_has_a_reason(kind: type[BaseException]) -> None:
    error: BaseException = kind.__new__(kind)
    failure = failure_from(error, host="qredo.invalid")
    assert isinstance(error, REQUEST_ERRORS)
    assert failure.reason in qredo.REASONS
    assert "qredo.invalid" in failure.detail


CERTIFICATE = ssl.SSLCertVerificationError("made up")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (requests.exceptions.ConnectTimeout(), "timeout"),
        (requests.exceptions.ReadTimeout(), "timeout"),
        (TimeoutError(), "timeout"),
        (OSError(errno.ETIMEDOUT, "made up"), "timeout"),
        (requests.exceptions.ConnectionError(ConnectionRefusedError()), "refused"),
        (OSError(errno.ECONNREFUSED, "made up"), "refused"),
        (requests.exceptions.ConnectionError(ConnectionResetError()), "reset"),
        (urllib3.exceptions.ProtocolError("x", http.client.RemoteDisconnected("x")), "reset"),
        (urllib3.exceptions.ProtocolError("x", http.client.BadStatusLine("x")), "upstream_error"),
        (BrokenPipeError(), "reset"),
        (socket.gaierror(-2, "made up"), "dns"),
        (requests.exceptions.SSLError(urllib3.exceptions.SSLError(CERTIFICATE)), "tls"),
        (CERTIFICATE, "tls"),
        (ssl.SSLEOFError(), "reset"),
        (
            requests.exceptions.ConnectionError(urllib3.exceptions.SSLError(TimeoutError())),
            "timeout",
        ),
        (requests.exceptions.TooManyRedirects(), "redirect"),
        (requests.exceptions.ContentDecodingError(), "not_json"),
        (requests.exceptions.InvalidURL(), "bad_request"),
        (requests.exceptions.ProxyError(ConnectionRefusedError()), "refused"),
    ],
)
def test_kinds_are_told_apart(error: Exception, reason: str) -> None:
    assert failure_from(error, host="h").reason == reason


def test_a_chain_that_bites_its_tail_ends() -> None:
    error = OSError()
    error.__cause__ = error
    assert failure_from(error, host="h").reason == Reason.RESET


LEAVES = [kind for kind in subclasses(QredoError) if not kind.__subclasses__()]


def test_reasons_are_those_of_the_design() -> None:
    named = (
        "timeout refused reset dns tls redirect rate_limited key_rejected clock permission "
        "not_found bad_request upstream_error too_large not_json not_understood busy"
    )
    assert [str(reason) for reason in qredo.REASONS] == named.split()
    # Busy is what callers say of an account that somebody else is polling.
    assert {kind.reason for kind in LEAVES} == set(Reason) - {Reason.BUSY}


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_errors_survive_pickling(kind: type[QredoError]) -> None:
    error = kind("Made up.", retry_after=3, skew_seconds=-31, asset="BTC", field="scale")
    error.evidence = Evidence(b"what Qredo sent", b"", 15)
    pickled = pickle.dumps(error)
    assert b"what Qredo sent" not in pickled
    again = pickle.loads(pickled)  # noqa: S301 - our own bytes
    error.evidence = None
    assert type(again) is kind
    assert vars(again) == vars(error)
    assert (again.reason, again.permanent, str(again)) == (kind.reason, kind.permanent, "Made up.")


def reachable(error: BaseException) -> Iterator[object]:
    """All that an error report could print: the chain, the attributes, the locals of the frames."""
    here: BaseException | None = error
    while here is not None:
        yield from (here, here.args, vars(here))
        yield from locals_of(here.__traceback__)
        here = here.__cause__ or here.__context__


def locals_of(trace: TracebackType | None) -> Iterator[object]:
    while trace is not None:
        if trace.tb_frame.f_globals["__name__"].startswith(("qredo", "requests", "urllib3")):
            yield trace.tb_frame.f_locals
        trace = trace.tb_next


ECHO = KEY_ID.encode()


@pytest.mark.parametrize(
    "script",
    [
        *(answer(status, ECHO) for status in (200, 302, 401, 403, 429, 500)),
        answer(200, ECHO, "Content-Encoding: gzip"),
        answer(200, gzip.compress(ECHO)[:-1], "Content-Encoding: gzip"),
        reset,
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + ECHO),
        raw(b"HTTP/1.1 200 OK\r\n" + ECHO + b"\r\n\r\n"),
        raw(ECHO + b"\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + ECHO),
        raw(b"HTTP/1.1 200 OK\r\n\r\n" + ECHO + b" " * 6_000_000),
    ],
)
def test_no_key_is_reachable_from_an_error(script: Script) -> None:
    with serving(script) as server:
        client = qredo.Client(
            base_url=server.url,
            key_id=KEY_ID,
            secret=Secret(SECRET_BYTES),
            transport=Transport(),
        )
        with pytest.raises(QredoError) as caught:
            client.balance()
        sent = dict(line.split(": ", 1) for line in server.heads[0].splitlines()[1:] if line)
    error = caught.value
    shown = repr(list(reachable(error))) + repr(client)
    for secret in (sent["qredo-api-sig"], SECRET_TEXT, SECRET_BYTES.decode()):
        assert secret not in shown
    assert error.__cause__ is None
    assert error.__context__ is None
    assert KEY_ID not in error.detail
