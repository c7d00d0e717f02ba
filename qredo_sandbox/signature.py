"""Checks what a request claims: its signature and its timestamp."""

import hmac
import re
from base64 import urlsafe_b64encode

from qredo_sandbox.clock import SECOND

WINDOW = 60 * SECOND

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}")
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{43}")


def message(timestamp: str, method: str, url: str, body: bytes) -> bytes:
    """Return the bytes that are signed."""
    return f"{timestamp}{method}{url}".encode("latin-1") + body


def sign(secret: bytes, signed: bytes) -> str:
    """Return the signature: HMAC-SHA256 in the URL-safe alphabet of Base64, without padding."""
    digest = hmac.digest(secret, signed, "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def fault_in_signature(given: str, secret: bytes, signed: bytes) -> str | None:
    """Return why the signature is refused, or None."""
    if _SIGNATURE.fullmatch(given) is None:
        return "signature is not base64url without padding"
    if not hmac.compare_digest(given, sign(secret, signed)):
        return "invalid signature"
    return None


def fault_in_timestamp(given: str, now: int) -> str | None:
    """Return why the timestamp is refused at ``now`` (Unix nanoseconds), or None."""
    if _DECIMAL.fullmatch(given) is None:
        return "invalid timestamp"
    instant = _nanoseconds(int(given))
    if instant is None:
        return "invalid timestamp unit"
    if abs(instant - now) > WINDOW:
        return "timestamp outside of window"
    return None


def _nanoseconds(value: int) -> int | None:
    """Read seconds, milliseconds or nanoseconds: since 1973 none has the magnitude of another."""
    if value < 10**11:
        return value * SECOND
    if value < 10**14:
        return value * (SECOND // 1000)
    return value if value >= 10**17 else None
