"""What can go wrong between us and Qredo: one tree, each leaf with its reason.

QredoError
    Passing          a retry within the slot may help
        Timeout, Refused, Reset, Dns, RateLimited, UpstreamError, NotJson
    Permanent        a retry within the slot can not help: a person has to act
        Tls, Redirect, KeyRejected, ClockSkewed, PermissionMissing, NotFound, BadRequest, TooLarge,
        NotUnderstood

An HTML page comes from a proxy in front of a Qredo that is down, hence NotJson is passing.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from qredo.evidence import Evidence


class Reason(StrEnum):
    """Why a poll failed, in the words that screens, commands and tables share."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    DNS = "dns"
    TLS = "tls"
    REDIRECT = "redirect"
    RATE_LIMITED = "rate_limited"
    KEY_REJECTED = "key_rejected"
    CLOCK = "clock"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    BAD_REQUEST = "bad_request"
    UPSTREAM_ERROR = "upstream_error"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    NOT_UNDERSTOOD = "not_understood"
    BUSY = "busy"


REASONS: tuple[Reason, ...] = tuple(Reason)


class QredoError(Exception):
    """A call to Qredo that brought no balances.

    `detail` is one sentence or two for a person: what happened and what to do. It may name the
    host, never a URL with its query, a header, a key or a body. `retry_after` is in whole seconds;
    `skew_seconds` is our clock minus Qredo's; `asset` and `field` say where a payload was not
    understood; `evidence` is then the start of the answer, no part of any text or pickle. Safe to
    pickle: it holds nothing of the request.
    """

    reason: ClassVar[Reason]
    permanent: ClassVar[bool]

    def __init__(
        self,
        detail: str,
        *,
        retry_after: int | None = None,
        skew_seconds: int | None = None,
        asset: str | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
        self.skew_seconds = skew_seconds
        self.asset = asset
        self.field = field
        self.evidence: Evidence | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickles travel and are kept: what Qredo sent goes to the database alone.
        return type(self), (self.detail,), vars(self) | {"evidence": None}


class Passing(QredoError):  # noqa: N818 - the branch reads as an adjective
    """A retry within the slot may help."""

    permanent = False


class Permanent(QredoError):  # noqa: N818 - the branch reads as an adjective
    """A retry within the slot can not help."""

    permanent = True


class Timeout(Passing):
    """No complete answer within the limits."""

    reason = Reason.TIMEOUT


class Refused(Passing):
    """No connection could be opened, to Qredo or to the proxy on the way."""

    reason = Reason.REFUSED


class Reset(Passing):
    """The connection broke before the answer was complete."""

    reason = Reason.RESET


class Dns(Passing):
    """The host name could not be resolved."""

    reason = Reason.DNS


class RateLimited(Passing):
    """429: `retry_after` tells how long to wait, when Qredo said so."""

    reason = Reason.RATE_LIMITED


class UpstreamError(Passing):
    """5xx, or an answer that is not proper HTTP."""

    reason = Reason.UPSTREAM_ERROR


class NotJson(Passing):
    """The body is no JSON text: empty, HTML, cut off, wrong encoding."""

    reason = Reason.NOT_JSON


class Tls(Permanent):
    """No trusted, encrypted connection: bad certificate, wrong host name, old protocol."""

    reason = Reason.TLS


class Redirect(Permanent):
    """3xx, never followed."""

    reason = Reason.REDIRECT


class KeyRejected(Permanent):
    """401 while our clock agrees with Qredo's."""

    reason = Reason.KEY_REJECTED


class ClockSkewed(Permanent):
    """401 while our clock and Qredo's differ: `skew_seconds`."""

    reason = Reason.CLOCK


class PermissionMissing(Permanent):
    """403: the key may not make this call."""

    reason = Reason.PERMISSION


class NotFound(Permanent):
    """404."""

    reason = Reason.NOT_FOUND


class BadRequest(Permanent):
    """400, 409 or another 4xx, or a request that could not even be made."""

    reason = Reason.BAD_REQUEST


class TooLarge(Permanent):
    """The answer, as sent or decompressed, passes the bound."""

    reason = Reason.TOO_LARGE


class NotUnderstood(Permanent):
    """JSON that is not the balances we know: `asset` and `field` say where."""

    reason = Reason.NOT_UNDERSTOOD
