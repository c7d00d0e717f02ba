"""The two calls that the product makes, signed with the key of one account."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from qredo.addresses import canonical_base_url
from qredo.errors import QredoError
from qredo.evidence import Evidence, Sent
from qredo.payload import AccountInfo, Balances, parse_account, parse_balances
from qredo.signing import Secret, TimestampUnit, clean_key_id, sign, timestamp_text
from qredo.statuses import Refusal
from qredo.transport import Answer

Meaning = TypeVar("Meaning")


class Sender(Protocol):
    """What a client sends through: a Transport, or a stand-in for one."""

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Send one GET; raises QredoError."""


@dataclass(frozen=True, slots=True)
class BalanceAnswer:
    """A fresh answer of `GET /balance`: the bytes, their SHA-256, and what they mean.

    `sent_monotonic` is `time.monotonic()` right before the request: the balances are no older.
    `evidence` is there if its reader may refuse it after all: something is left out or added up.
    """

    body: bytes
    digest: bytes
    balances: Balances
    sent_monotonic: float
    evidence: Evidence | None = field(default=None, repr=False)


class Client:
    """Speaks for the account of one API key.

    `clock_ns` gives nanoseconds since the Unix epoch, for timestamps and for naming a clock that is
    off, which is called `clock_name`. Raises ValueError for a base URL that is neither https nor
    loopback, BadKeyId for a key id.
    """

    def __init__(  # noqa: PLR0913 - all named
        self,
        *,
        base_url: str,
        key_id: str,
        secret: Secret,
        transport: Sender,
        unit: TimestampUnit = TimestampUnit.SECONDS,
        clock_ns: Callable[[], int] = time.time_ns,
        clock_name: str = "This machine's clock",
    ) -> None:
        self._base_url = canonical_base_url(base_url)
        self._host = self._base_url.split("/")[2]
        self._key_id = clean_key_id(key_id)
        self._secret = secret
        self._transport = transport
        self._unit = unit
        self._clock_ns = clock_ns
        self._clock_name = clock_name

    def __repr__(self) -> str:
        return f"Client(host={self._host!r})"

    def balance(self, *, sum_entries: bool = False) -> BalanceAnswer:
        """Ask for all balances of the account; `sum_entries` as for `parse_balances`.

        Raises QredoError, with evidence if there was an answer that was not understood.
        """
        parse = partial(parse_balances, sum_entries=sum_entries)
        sent, answer = self._get("/balance", permission="Balances")
        balances = _understood(parse, answer.body, sent)
        is_doubtful = bool(balances.left_out or balances.summed)
        return BalanceAnswer(
            body=answer.body,
            digest=hashlib.sha256(answer.body).digest(),
            balances=balances,
            sent_monotonic=answer.sent_monotonic,
            evidence=sent.evidence(answer.body) if is_doubtful else None,
        )

    def account(self) -> AccountInfo:
        """Ask whose account the key belongs to; raises QredoError."""
        sent, answer = self._get("/account", permission="Read-only")
        return _understood(parse_account, answer.body, sent)

    def _get(self, path: str, *, permission: str) -> tuple[Sent, Answer]:
        url = self._base_url + path
        # Wrapped at once: no frame of ours shows the headers to an error report.
        sent = Sent(self._signed_headers(url))
        answer = self._transport.get(url, sent.headers)
        if answer.status != 200:
            raise self._refusal(answer, permission).error()
        return sent, answer

    def _signed_headers(self, url: str) -> dict[str, str]:
        timestamp = timestamp_text(self._clock_ns(), self._unit)
        return {
            "accept": "application/json",
            "qredo-api-key": self._key_id,
            "qredo-api-ts": timestamp,
            "qredo-api-sig": sign(self._secret, timestamp=timestamp, method="GET", url=url),
        }

    def _refusal(self, answer: Answer, permission: str) -> Refusal:
        return Refusal(
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            host=self._host,
            now=self._clock_ns() // 1_000_000_000,
            permission=permission,
            key_id=self._key_id,
            clock=self._clock_name,
        )


def _understood(parse: Callable[[bytes], Meaning], body: bytes, sent: Sent) -> Meaning:
    try:
        return parse(body)
    except QredoError as error:
        sent.accuse(error, body)
        raise
