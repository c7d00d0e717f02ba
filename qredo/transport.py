"""One GET, within bounds of time and size, to one host and no other."""

import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import BaseHTTPResponse

from qredo.budget import BUDGET
from qredo.codings import ACCEPTED, decoded
from qredo.connections import Adapter
from qredo.errors import QredoError, TooLarge
from qredo.evidence import Sent
from qredo.failures import REQUEST_ERRORS, failure_from

# What HTTP needs beside the headers of the API. Encodings that were not asked for are not expected.
_HTTP_HEADERS: Final = {
    "accept-encoding": ACCEPTED,
    # Said for the server's sake. Whether it closes or not, we do.
    "connection": "close",
    "user-agent": "qredo-dash",
}
_KEPT_HEADERS: Final = ("content-type", "retry-after", "date", "location")
_MAX_HEADER_CHARACTERS: Final = 2_048


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of any status: the body decompressed, the few headers that matter.

    Header names are lower case. `sent_monotonic` is `time.monotonic()` right before the request.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent_monotonic: float


class Transport:
    """Sends GET requests; safe to share between threads, and made anew after a fork.

    Times are in seconds: `deadline` for the whole request, `read_timeout` for silence within it.
    `max_bytes` bounds the body as sent and as decompressed. Proxies and certificates come from the
    arguments alone, never from the environment. A proxy serves https only: plain http is for
    loopback, which no proxy reaches. Raises ValueError or OSError for an unusable proxy or CA file.
    """

    def __init__(  # noqa: PLR0913 - all named, all with a default
        self,
        *,
        connect_timeout: float = 5,
        read_timeout: float = 10,
        deadline: float = 15,
        max_bytes: int = 5 * 1024 * 1024,
        ca_file: str | None = None,
        proxy: str | None = None,
    ) -> None:
        self._timeout = (connect_timeout, read_timeout)
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._proxies = {"https": _checked_proxy(proxy)} if proxy else {}
        self._context = ssl.create_default_context(cafile=ca_file or DEFAULT_CA_BUNDLE_PATH)
        self._owned = (os.getpid(), Adapter(self._context))

    def __repr__(self) -> str:
        return f"Transport(deadline={self._deadline}, max_bytes={self._max_bytes})"

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Send one GET for exactly `url` and return the answer, whatever its status.

        It has a connection of its own, which is closed afterwards. Raises QredoError.
        """
        outcome = self._answer_or_error(url, headers)
        # The frames of a raised error are looked at by error reports: leave no header in them.
        del url, headers
        if isinstance(outcome, QredoError):
            raise outcome
        return outcome

    def _answer_or_error(self, url: str, headers: Mapping[str, str]) -> Answer | QredoError:
        sent, host = time.monotonic(), _host(url)
        BUDGET.start(
            deadline=sent + self._deadline,
            read_timeout=self._timeout[1],
            max_bytes=self._max_bytes,
        )
        try:
            received = self._received(_prepared(url, headers))
            coding = received.headers.get("content-encoding", "")
            body = decoded(received.data or b"", coding, max_bytes=self._max_bytes)
        except REQUEST_ERRORS as error:
            return failure_from(error, host=host)
        if len(body) > self._max_bytes:
            too_large = TooLarge(f"The answer of {host} is larger than {self._max_bytes} bytes.")
            Sent(headers).accuse(too_large, body)
            return too_large
        return Answer(received.status, _kept(received.headers), body, sent)

    def _received(self, request: PreparedRequest) -> BaseHTTPResponse:
        raw: BaseHTTPResponse = (
            self._adapter_of_process()
            .send(request, timeout=self._timeout, proxies=self._proxies)
            .raw
        )
        return raw

    def _adapter_of_process(self) -> Adapter:
        # At the fork another thread of the parent may have held a lock of the adapter's.
        pid, adapter = self._owned
        if pid != os.getpid():
            adapter = Adapter(self._context)
            self._owned = (os.getpid(), adapter)
        return adapter


def _prepared(url: str, headers: Mapping[str, str]) -> PreparedRequest:
    """Fill a request by hand: requests would quote the URL anew, and the signature covers it."""
    request = PreparedRequest()
    request.method = "GET"
    request.url = url
    request.headers = {**headers, **_HTTP_HEADERS}  # type: ignore[assignment]
    return request


def _kept(headers: Mapping[str, str]) -> Mapping[str, str]:
    found = ((name, headers.get(name)) for name in _KEPT_HEADERS)
    return MappingProxyType({name: text[:_MAX_HEADER_CHARACTERS] for name, text in found if text})


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _checked_proxy(proxy: str) -> str:
    parts = urlsplit(proxy)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the proxy must be an http or https address with a host")
    return proxy
