"""What a status other than 200 means, as an error that tells a person what to do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from qredo.documents import read_document
from qredo.errors import (
    BadRequest,
    ClockSkewed,
    KeyRejected,
    NotFound,
    PermissionMissing,
    QredoError,
    RateLimited,
    Redirect,
    UpstreamError,
)

MAX_RETRY_AFTER_SECONDS = 3_600
# Qredo allows 30 s. Both clocks are read in whole seconds, a moment apart: this near the border the
# clock may be why, and a key that is blamed for it would be asked about hourly.
MAX_SKEW_SECONDS = 27
MAX_ERROR_BODY_BYTES = 4_096

_SECONDS = re.compile(r"-?[0-9]{1,20}")
_PLAIN_REASON = re.compile(r"[A-Za-z0-9 .,:;()'_/-]{1,120}")
_KEY_LIKE = re.compile(r"[A-Za-z0-9+/_=-]{20,}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not 200, and what is needed to explain it.

    `now` is our clock in whole epoch seconds, `clock` what it is called; `permission` is what the
    call needs of the key; `key_id` is only known here to be kept out of every text.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    host: str
    now: int
    permission: str
    key_id: str
    clock: str = "This machine's clock"

    def error(self) -> QredoError:
        """Return the error of the status."""
        if 300 <= self.status < 400:
            return self._redirect()
        if self.status >= 500 or self.status < 400:
            return self._upstream_error()
        return self._refused()

    def _redirect(self) -> Redirect:
        return Redirect(
            f"{self.host} answered with a redirect to {self._target()}, which is never followed. "
            "Check the address in the settings."
        )

    def _target(self) -> str:
        try:
            host = urlsplit(self.headers.get("location", "")).hostname or "itself"
        except ValueError:
            return "an unreadable address"
        return host if re.fullmatch(r"[a-z0-9._:-]{1,100}", host) else "an unreadable address"

    def _upstream_error(self) -> UpstreamError:
        return UpstreamError(
            f"{self.host} answered with status {self.status}. It is tried again.",
            retry_after=self._retry_after(),
        )

    def _refused(self) -> QredoError:
        match self.status:
            case 401:
                return self._unauthorized()
            case 403:
                return PermissionMissing(
                    f"The API key lacks the permission {self.permission} at {self.host}"
                    f"{self._said()}. Give it to the key in Qredo's web app."
                )
            case 404:
                return NotFound(f"{self.host} does not know what was asked for{self._said()}.")
            case 407:
                return BadRequest(f"The proxy on the way to {self.host} wants other credentials.")
            case 429:
                return RateLimited(
                    f"{self.host} was asked too often. It is asked less often now.",
                    retry_after=self._retry_after(),
                )
        return BadRequest(
            f"{self.host} refused the request with status {self.status}{self._said()}."
        )

    def _unauthorized(self) -> ClockSkewed | KeyRejected:
        qredo_now = _http_date(self.headers.get("date", ""))
        skew = 0 if qredo_now is None else self.now - qredo_now
        if abs(skew) > MAX_SKEW_SECONDS:
            side = "ahead of" if skew > 0 else "behind"
            return ClockSkewed(
                f"{self.clock} is {abs(skew)} s {side} Qredo's, so {self.host} refuses "
                "its signatures. Set the clock; the key need not be at fault.",
                skew_seconds=skew,
            )
        return KeyRejected(
            f"{self.host} rejected the API key{self._said()}. If it was regenerated in Qredo's "
            "web app, enter the new one."
        )

    def _retry_after(self) -> int | None:
        text = self.headers.get("retry-after", "").strip()
        if _SECONDS.fullmatch(text):
            wait = int(text)
        elif (until := _http_date(text)) is not None:
            wait = until - self.now
        else:
            return None
        return min(max(wait, 0), MAX_RETRY_AFTER_SECONDS)

    def _said(self) -> str:
        """Return ` ("...")` with the API's own reason, if it is short, plain and holds no key."""
        text = _own_reason(self.body)
        if not _PLAIN_REASON.fullmatch(text) or _KEY_LIKE.search(text) or self.key_id in text:
            return ""
        return f' ("{text.strip()}")'


def _own_reason(body: bytes) -> str:
    if len(body) > MAX_ERROR_BODY_BYTES:
        return ""
    try:
        document = read_document(body)
    except QredoError:
        return ""
    detail = document.get("detail") if isinstance(document, dict) else None
    reason = detail.get("reason") if isinstance(detail, dict) else None
    return reason if isinstance(reason, str) else ""


def _http_date(text: str) -> int | None:
    """Return an HTTP date as whole epoch seconds, None when it is not one."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (zoned - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
