"""Content codings: a compressed body is decompressed within bounds, and only if it is whole."""

import zlib
from typing import Final

from qredo.errors import NotJson
from qredo.framing import BadAnswer

#: What is asked for; anything else is refused unread.
ACCEPTED: Final = "gzip, deflate"
_GZIP: Final = 16 + zlib.MAX_WBITS


def decoded(body: bytes, coding: str, *, max_bytes: int) -> bytes:
    """Return the content of a body in `coding`, a byte more than `max_bytes` at most.

    One gzip member (RFC 1952) or one deflate stream, and nothing behind it: several members are
    legal in a file, but no server has a reason to send them. Raises BadAnswer.
    """
    name = coding.strip("\t ").lower()
    if not body or name in ("", "identity"):
        return body
    inflater = zlib.decompressobj(_window_bits(name, body))
    try:
        content = inflater.decompress(body, max_bytes + 1)
    except zlib.error:
        raise BadAnswer(f"its {name} can not be decompressed", NotJson) from None
    if len(content) > max_bytes:
        return content
    if not inflater.eof:
        raise BadAnswer(f"its {name} was cut off", NotJson)
    if inflater.unused_data:
        raise BadAnswer(f"more bytes follow the end of its {name}", NotJson)
    return content


def _window_bits(name: str, body: bytes) -> int:
    if name in ("gzip", "x-gzip"):
        return _GZIP
    if name != "deflate":
        raise BadAnswer("it is in a Content-Encoding that was not asked for", NotJson)
    # RFC 9110, 8.4.1.2: deflate is zlib's format, yet some servers send it without that header.
    has_header = int.from_bytes(body[:2]) % 31 == 0 and body[0] & 15 == 8
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
