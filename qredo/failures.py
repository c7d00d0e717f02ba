"""From whatever a request may raise to the one tree of errors.

The exceptions of requests hold the request, and with it the signed headers. So a new error is made
from their kind alone; nothing of the old one hangs on to it.
"""

import http.client
import socket
import ssl
from collections.abc import Iterator

import requests.exceptions as rq
import urllib3.exceptions as u3

from qredo.errors import (
    BadRequest,
    Dns,
    NotJson,
    QredoError,
    Redirect,
    Refused,
    Reset,
    Timeout,
    Tls,
    UpstreamError,
)
from qredo.framing import BadAnswer

_Kinds = tuple[type[BaseException], ...]

# In this order: the first line that fits counts, so what is special stands above what is general.
_TABLE: tuple[tuple[_Kinds, type[QredoError], str], ...] = (
    (
        (ssl.SSLEOFError, ssl.SSLZeroReturnError),
        Reset,
        "{host} broke off the encrypted connection. It is tried again.",
    ),
    (
        (ssl.CertificateError, ssl.SSLError, u3.SSLError, rq.SSLError),
        Tls,
        "{host} can not be trusted: bad certificate or encryption. Check QREDO_CA_FILE.",
    ),
    (
        (socket.gaierror, socket.herror, UnicodeError, u3.NameResolutionError),
        Dns,
        "The name {host} could not be resolved. Check the address and this machine's DNS.",
    ),
    (
        (ConnectionRefusedError, u3.NewConnectionError),
        Refused,
        "{host} took no connection. It is tried again; check the network if it lasts.",
    ),
    (
        (TimeoutError, u3.TimeoutError, rq.Timeout),
        Timeout,
        "{host} did not answer completely in time. It is tried again.",
    ),
    (
        (u3.ProxyError, rq.ProxyError),
        Refused,
        "The proxy on the way to {host} refused the connection. Check QREDO_PROXY.",
    ),
    (
        (rq.TooManyRedirects, u3.HostChangedError),
        Redirect,
        "{host} answered with a redirect, which is never followed.",
    ),
    (
        (u3.DecodeError, rq.ContentDecodingError, rq.JSONDecodeError),
        NotJson,
        "The answer of {host} could not be decoded. It is tried again.",
    ),
    (
        (
            rq.URLRequired,
            rq.MissingSchema,
            rq.InvalidSchema,
            rq.InvalidURL,
            rq.UnrewindableBodyError,
            u3.LocationValueError,
            u3.UnrewindableBodyError,
        ),
        BadRequest,
        "The request to {host} could not be made. Check the address in the settings.",
    ),
    (
        (
            u3.InvalidHeader,
            u3.HeaderParsingError,
            u3.ResponseNotChunked,
            u3.BodyNotHttplibCompatible,
            rq.InvalidHeader,
            rq.HTTPError,
            rq.RetryError,
        ),
        UpstreamError,
        "{host} sent something that is not proper HTTP. It is tried again.",
    ),
    (
        # RemoteDisconnected is a BadStatusLine, yet nothing came at all.
        (ConnectionError, http.client.IncompleteRead, http.client.RemoteDisconnected),
        Reset,
        "{host} closed the connection before its answer was complete. It is tried again.",
    ),
    (
        (http.client.HTTPException,),
        UpstreamError,
        "{host} sent something that is not proper HTTP. It is tried again.",
    ),
    (
        (OSError, u3.HTTPError, rq.RequestException),
        Reset,
        "The connection to {host} failed. It is tried again.",
    ),
)

#: All that sending a request may raise: TypeError and the like are mistakes of ours and stay.
REQUEST_ERRORS: _Kinds = (
    OSError,
    http.client.HTTPException,
    u3.HTTPError,
    rq.RequestException,
    ssl.CertificateError,
    UnicodeError,
)

_MAX_CHAIN = 20


def failure_from(error: BaseException, *, host: str) -> QredoError:
    """Return the error that tells a person what `error` means; the innermost cause decides."""
    for cause in reversed(list(_causes(error))):
        if isinstance(cause, BadAnswer):
            return _refused(cause, host)
        for kinds, kind, sentence in _TABLE:
            # The general last line is for the error as a whole, not for a wrapper inside it.
            if isinstance(cause, kinds) and (cause is error or kinds is not _TABLE[-1][0]):
                return kind(sentence.format(host=host))
    return UpstreamError(f"The request to {host} failed. It is tried again.")


def _refused(bad: BadAnswer, host: str) -> QredoError:
    again = "" if bad.kind.permanent else " It is tried again."
    return bad.kind(f"The answer of {host} is not taken: {bad.what}.{again}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk from the outermost to the innermost, the ways that requests and urllib3 nest them."""
    waiting, seen = [error], 0
    while waiting and seen < _MAX_CHAIN:
        current = waiting.pop(0)
        seen += 1
        yield current
        inner = [current.__cause__, getattr(current, "reason", None), *current.args]
        waiting.extend(one for one in inner if isinstance(one, BaseException))
