"""Keys and signatures of Qredo's API v1."""

import base64
import binascii
import hmac
import re
from enum import StrEnum
from typing import NoReturn, assert_never

MAX_SECRET_CHARACTERS = 1_024

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_BASE64 = re.compile(r"([A-Za-z0-9+/]+|[A-Za-z0-9_-]+)(={0,2})")
_LINE_BREAK = re.compile(r"[ \t]*[\r\n][ \t\r\n]*")
_URL_SAFE_TO_STANDARD = str.maketrans("-_", "+/")


class BadSecret(ValueError):  # noqa: N818 - named for what the person entered
    """The text is no API secret. The message says what to do and never holds the text."""


class BadKeyId(ValueError):  # noqa: N818 - named for what the person entered
    """The text is no API key id. The message says what to do and never holds the text."""


class Secret:
    """The decoded bytes of an API secret, which no repr, copy or pickle gives away."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """Return the bytes: for the signature alone."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is neither copied nor pickled")


def decode_secret(text: str) -> Secret:
    """Decode an API secret as a person pasted it.

    Takes both Base64 alphabets, with or without padding, white space around and line breaks inside.
    How long a secret is, is Qredo's to say; a cut one fails its test call. Raises BadSecret for
    anything else.
    """
    trimmed = text.strip()
    del text  # the frame of a raised error must not hold it
    problem = _length_problem(trimmed)
    value = b"" if problem else _decoded(_LINE_BREAK.sub("", trimmed))
    del trimmed
    if not problem and value is None:
        problem = (
            "This is not an API secret: it has to be Base64 text, complete and in one alphabet. "
            "Copy it again from Qredo, without quotes or other text around it."
        )
    if problem or value is None:
        raise BadSecret(problem)
    return Secret(value)


def _length_problem(trimmed: str) -> str:
    if not trimmed:
        return "The API secret is empty. Paste the secret that Qredo showed with the key."
    if len(trimmed) > MAX_SECRET_CHARACTERS:
        return "This text is too long for an API secret. Paste the secret alone."
    return ""


def _decoded(text: str) -> bytes | None:
    """Return the bytes of Base64 in either alphabet, else None.

    Left-over bits in the last character are passed over, as common decoders do: a secret that works
    at Qredo has to work here.
    """
    match = _BASE64.fullmatch(text)
    if match is None:
        return None
    core, padding = match[1].translate(_URL_SAFE_TO_STANDARD), match[2]
    needed = "=" * (-len(core) % 4)
    if padding not in ("", needed):
        return None
    try:
        return base64.b64decode(core + needed, validate=True)
    except binascii.Error:
        return None


def clean_key_id(text: str) -> str:
    """Return the API key id without the white space around it; raises BadKeyId."""
    trimmed = text.strip()
    del text
    if _KEY_ID.fullmatch(trimmed):
        return trimmed
    del trimmed
    raise BadKeyId(
        "This is not an API key: it has 1 to 128 letters, digits, hyphens and underscores. "
        "Copy it again from Qredo."
    )


class TimestampUnit(StrEnum):
    """The unit of the signed timestamp; Qredo's sources disagree, so it is a setting."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    NANOSECONDS = "nanoseconds"


def timestamp_text(epoch_ns: int, unit: TimestampUnit) -> str:
    """Write nanoseconds since the Unix epoch in `unit`, rounded down, as decimal text."""
    match unit:
        case TimestampUnit.SECONDS:
            return str(epoch_ns // 1_000_000_000)
        case TimestampUnit.MILLISECONDS:
            return str(epoch_ns // 1_000_000)
        case TimestampUnit.NANOSECONDS:
            return str(epoch_ns)
    assert_never(unit)


def sign(secret: Secret, *, timestamp: str, method: str, url: str, body: bytes = b"") -> str:
    """Return the value of `qredo-api-sig`: HMAC-SHA256 in URL-safe Base64 without padding.

    `url` is the full URL exactly as requested; `body` the exact bytes sent.
    """
    message = f"{timestamp}{method.upper()}{url}".encode() + body
    digest = hmac.digest(secret.reveal(), message, "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
