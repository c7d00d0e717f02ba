"""Pooled connections that keep to the budget of a request and know whether they are fresh."""

import socket
import ssl
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family, create_connection

from qredo.budget import BUDGET, BudgetedResponse


class _BudgetedConnection(HTTPConnection):
    """Opens its socket within the budget, however many addresses a name has."""

    response_class = BudgetedResponse

    def _new_conn(self) -> socket.socket:
        try:
            sock = self._first_that_opens()
            # The TLS handshake that may follow counts as well.
            sock.settimeout(BUDGET.wait(self._limit()))
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no address answered in time") from error
        except OSError as error:
            raise NewConnectionError(self, "no address took the connection") from error
        BUDGET.fresh = True
        return sock

    def _limit(self) -> float:
        return BUDGET.read_timeout if self.timeout is None else self.timeout

    def _first_that_opens(self) -> socket.socket:
        failure = OSError("the name has no address")
        for address in self._addresses():
            try:
                limit = BUDGET.wait(self._limit())
                return create_connection(address, limit, socket_options=self.socket_options)
            except OSError as error:
                failure = error
        raise failure

    def _addresses(self) -> list[tuple[str, int]]:
        host = self._dns_host.strip("[]")
        found = socket.getaddrinfo(host, self.port, allowed_gai_family(), socket.SOCK_STREAM)
        return [(str(address[0]), int(address[1])) for *_, address in found]


class _BudgetedTlsConnection(_BudgetedConnection, HTTPSConnection):
    """The same over TLS."""


class _FreshOnDemand(HTTPConnectionPool):
    """A pool that can be told not to trust what it kept."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)
        # Bytes that wait decrypted were sent unasked: they must not pass for the next answer.
        pending = getattr(getattr(connection, "sock", None), "pending", int)()
        if BUDGET.fresh_only or pending:
            connection.close()
        return connection


class _Pool(_FreshOnDemand):
    ConnectionCls = _BudgetedConnection


class _TlsPool(_FreshOnDemand, HTTPSConnectionPool):
    ConnectionCls = _BudgetedTlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


class Adapter(HTTPAdapter):
    """The adapter of requests on our pools, with one TLS context for all connections.

    Thread-safe. It keeps no cookies and follows nothing; certificates are always verified.
    """

    def __init__(self, *, context: ssl.SSLContext, pool_size: int) -> None:
        self._context = context
        super().__init__(pool_connections=8, pool_maxsize=pool_size)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools, with our classes and our context."""
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Return the pools behind a proxy, which speak TLS end to end with Qredo."""
        manager = super().proxy_manager_for(
            proxy, ssl_context=self._context, proxy_ssl_context=self._context, **proxy_kwargs
        )
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave it to the context, which holds the certificates and demands them already."""

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:  # noqa: ARG002 - dropped
        """Wrap the answer without its request: no header, cookie or URL hangs on to it."""
        response = Response()
        response.status_code = resp.status
        response.raw = resp
        return response
