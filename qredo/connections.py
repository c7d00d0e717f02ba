"""Connections that carry one request each, within its budget, and are closed.

Kept open, a connection may hold an answer that nobody asked for, and no look before a request finds
the one that arrives just after it: the next account would be given it. See
docs/decisions/2026-11-30-one-request-a-connection.md.
"""

import io
import socket
import ssl
from contextlib import closing
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPHeaderDict, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family, create_connection

from qredo.budget import BUDGET
from qredo.framing import BadAnswer, read_answer, read_tunnel

_RECEIVED_BYTES = 65_536


class _Socket:
    """A socket as a source of answers. It may be plain, of TLS, or of TLS within TLS."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def receive(self) -> bytes:
        self._sock.settimeout(BUDGET.wait(BUDGET.read_timeout))
        return self._sock.recv(_RECEIVED_BYTES) or b""

    def is_silent(self, seconds: float) -> bool:
        timeout = self._sock.gettimeout()
        # Received, not asked for: TLS has records that hold no data, and data that wait decrypted.
        self._sock.settimeout(min(seconds, BUDGET.wait(BUDGET.read_timeout)))
        try:
            return not self._sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError, TimeoutError, ConnectionError):
            return True
        finally:
            self._sock.settimeout(timeout)


class _TunnelAnswer:
    """A proxy's answer to CONNECT, in the shape in which http.client looks at it."""

    def __init__(self, sock: socket.socket, **_: object) -> None:
        try:
            self._head = read_tunnel(_Socket(sock))
        except BadAnswer as bad:
            raise BadAnswer(f"the proxy's answer to CONNECT: {bad.what}", bad.kind) from None
        self.fp = io.BytesIO(b"\r\n")

    def _read_status(self) -> tuple[str, int, str]:
        return "HTTP/1.1", self._head.status, ""

    def close(self) -> None:
        """Leave the connection open: it is the tunnel."""


class OneRequestConnection(HTTPConnection):
    """Opens its socket within the budget, sends one request, reads one answer, and closes."""

    response_class = _TunnelAnswer  # type: ignore[assignment] # http.client makes it for CONNECT alone

    def send(self, data: Any) -> None:
        """Send the request, or the CONNECT before it, unless the other side spoke first."""
        if self.sock is None:
            self.connect()
        if not _Socket(self.sock).is_silent(0):
            raise BadAnswer("it began before the request was sent")
        super().send(data)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3's own
        """Read the whole answer and close."""
        with closing(self):
            head, body = read_answer(_Socket(self.sock), max_bytes=BUDGET.max_bytes)
        return HTTPResponse(
            body, HTTPHeaderDict(head.fields), head.status, 11, "HTTP/1.1", preload_content=False
        )

    def _new_conn(self) -> socket.socket:
        try:
            return self._first_that_opens()
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no address answered in time") from error
        except OSError as error:
            raise NewConnectionError(self, "no address took the connection") from error

    def _first_that_opens(self) -> socket.socket:
        failure = OSError("the name has no address")
        for address in self._addresses():
            try:
                sock = create_connection(address, self._limit(), socket_options=self.socket_options)
            except OSError as error:
                failure = error
            else:
                return self._limited(sock)
        raise failure

    def _limited(self, sock: socket.socket) -> socket.socket:
        """Hold the TLS handshake that may follow to what is left."""
        try:
            sock.settimeout(self._limit())
        except TimeoutError:
            sock.close()
            raise
        return sock

    def _limit(self) -> float:
        return BUDGET.wait(BUDGET.read_timeout if self.timeout is None else self.timeout)

    def _addresses(self) -> list[tuple[str, int]]:
        host = self._dns_host.strip("[]")
        found = socket.getaddrinfo(host, self.port, allowed_gai_family(), socket.SOCK_STREAM)
        return [(str(address[0]), int(address[1])) for *_, address in found]


class OneRequestTlsConnection(OneRequestConnection, HTTPSConnection):
    """The same over TLS."""


class _Opener(HTTPConnectionPool):
    """What urllib3 takes for a pool: it opens a connection for each request and keeps none."""

    ConnectionCls = OneRequestConnection

    def _get_conn(self, timeout: float | None = None) -> Any:  # noqa: ARG002 - nothing to wait for
        return self._new_conn()

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.close()


class _TlsOpener(_Opener, HTTPSConnectionPool):
    ConnectionCls = OneRequestTlsConnection


_OPENERS = {"http": _Opener, "https": _TlsOpener}


class Adapter(HTTPAdapter):
    """The adapter of requests on our connections, with one TLS context for all of them.

    Thread-safe. It keeps no connections and no cookies and follows nothing; certificates are always
    verified.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use our classes and our context."""
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _OPENERS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Return what opens connections through a proxy, with TLS end to end."""
        manager = super().proxy_manager_for(
            proxy, ssl_context=self._context, proxy_ssl_context=self._context, **proxy_kwargs
        )
        manager.pool_classes_by_scheme = _OPENERS
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave it to the context, which holds the certificates and demands them already."""

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:  # noqa: ARG002 - dropped
        """Wrap the answer without its request: no header, cookie or URL hangs on to it."""
        response = Response()
        response.status_code = resp.status
        response.raw = resp
        return response
