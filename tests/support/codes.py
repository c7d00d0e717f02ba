"""What an authenticator app shows, by RFC 6238 and nothing of the program's."""

import base64
import hmac
import struct
from hashlib import sha1


def code(secret: str, at: float) -> str:
    """Return the six digits of an instant, in seconds since 1970."""
    counter = struct.pack(">Q", int(at) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, sha1).digest()
    start = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[start : start + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"
