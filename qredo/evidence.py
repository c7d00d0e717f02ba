"""Evidence: the start of an answer that was not understood, without what we sent ourselves.

A proxy or a debugging server may echo a request. Then key id and signature would lie in the answer;
they are blotted out before anybody keeps it. The secret never leaves, so no answer can hold it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from qredo.errors import QredoError

MAX_EVIDENCE_BYTES: Final = 65_536

_OWN: Final = ("qredo-api-key", "qredo-api-sig")
#: So much of the beginning of a key id or signature is taken for it, also where it was cut off.
_TELLING: Final = 16


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """The first 64 KB of an answer; `digest` (SHA-256) and `size` are of all that was read of it.

    No repr shows the bytes: they are Qredo's, and for a person who asks for them.
    """

    body: bytes
    digest: bytes
    size: int

    def __repr__(self) -> str:
        return f"Evidence({self.size} bytes)"


class Sent:
    """The headers of a signed request, which no repr shows."""

    __slots__ = ("headers",)

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = headers

    def __repr__(self) -> str:
        return "Sent(hidden)"

    def evidence(self, answer: bytes) -> Evidence:
        """Return what is to be kept of an answer to this request."""
        # Read past the cut, so that what is blotted out may lie across it.
        start = self._blotted(answer[: MAX_EVIDENCE_BYTES + 1_024])
        return Evidence(start[:MAX_EVIDENCE_BYTES], hashlib.sha256(answer).digest(), len(answer))

    def accuse(self, error: QredoError, answer: bytes) -> None:
        """Add the evidence to an error; what it quotes from the answer is blotted out likewise."""
        error.evidence = self.evidence(answer)
        error.detail = self._blotted(error.detail.encode()).decode()
        error.args = (error.detail,)

    def _blotted(self, text: bytes) -> bytes:
        return self._own().sub(lambda found: b"*" * len(found[0]), text)

    def _own(self) -> re.Pattern[bytes]:
        values = [self.headers[name] for name in _OWN if self.headers.get(name)]
        shapes = [
            re.escape(value[:_TELLING]) + ("[A-Za-z0-9_-]*" if len(value) > _TELLING else "")
            for value in values
        ]
        return re.compile("|".join(shapes or ["(?!)"]).encode(), re.IGNORECASE)
