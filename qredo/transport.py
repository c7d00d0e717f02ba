"""One GET, within bounds of time and size, to one host and no other."""

import os
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from qredo.budget import BUDGET
from qredo.connections import Adapter
from qredo.errors import QredoError, Reset, TooLarge
from qredo.evidence import Sent
from qredo.failures import REQUEST_ERRORS, failure_from

# What HTTP needs beside the headers of the API. Encodings that were not asked for are not expected.
_HTTP_HEADERS: Final = {"accept-encoding": "gzip, deflate", "user-agent": "qredo-dash"}
_KEPT_HEADERS: Final = ("content-type", "retry-after", "date", "location")
_CHUNK_BYTES: Final = 65_536
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
        pool_size: int = 64,
    ) -> None:
        self._timeout = (connect_timeout, read_timeout)
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._pool_size = pool_size
        self._proxies = {"https": _checked_proxy(proxy)} if proxy else {}
        self._context = ssl.create_default_context(cafile=ca_file or DEFAULT_CA_BUNDLE_PATH)
        self._owned = (os.getpid(), Adapter(context=self._context, pool_size=pool_size))

    def __repr__(self) -> str:
        return f"Transport(deadline={self._deadline}, max_bytes={self._max_bytes})"

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Send one GET for exactly `url` and return the answer, whatever its status.

        A pooled connection that turns out to be dead is replaced once. Raises QredoError.
        """
        outcome = self._answer_or_error(url, headers)
        # The frames of a raised error are looked at by error reports: leave no header in them.
        del url, headers
        if isinstance(outcome, QredoError):
            raise outcome
        return outcome

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._adapter_of_process().close()

    def _answer_or_error(self, url: str, headers: Mapping[str, str]) -> Answer | QredoError:
        ends = time.monotonic() + self._deadline
        outcome = self._attempt(url, headers, ends=ends, fresh_only=False)
        if isinstance(outcome, Reset) and not (BUDGET.fresh or BUDGET.answered):
            outcome = self._attempt(url, headers, ends=ends, fresh_only=True)
        return outcome

    def _attempt(
        self, url: str, headers: Mapping[str, str], *, ends: float, fresh_only: bool
    ) -> Answer | QredoError:
        BUDGET.start(deadline=ends, read_timeout=self._timeout[1], fresh_only=fresh_only)
        request = _prepared(url, headers)
        sent = time.monotonic()
        try:
            response = self._adapter_of_process().send(
                request, stream=True, timeout=self._timeout, proxies=self._proxies
            )
            with closing(response.raw) as raw:
                return self._read(raw, Sent(headers), sent=sent, host=_host(url))
        except REQUEST_ERRORS as error:
            return failure_from(error, host=_host(url))

    def _read(self, raw: Any, asked: Sent, *, sent: float, host: str) -> Answer | QredoError:
        if (raw.length_remaining or 0) > self._max_bytes:
            return self._too_large(host)
        chunks, size = [], 0
        while chunk := raw.read(min(_CHUNK_BYTES, self._max_bytes + 1 - size), decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._max_bytes:
                error = self._too_large(host)
                asked.accuse(error, b"".join(chunks))
                return error
        return Answer(raw.status, _kept(raw.headers), b"".join(chunks), sent)

    def _too_large(self, host: str) -> TooLarge:
        return TooLarge(f"The answer of {host} is larger than {self._max_bytes} bytes.")

    def _adapter_of_process(self) -> Adapter:
        # A child that went on using its parent's sockets would read answers for other accounts.
        pid, adapter = self._owned
        if pid != os.getpid():
            adapter = Adapter(context=self._context, pool_size=self._pool_size)
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
