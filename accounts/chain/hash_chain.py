"""What every chain has in common: heads, links, and the pieces of a canonical text.

A link is SHA-256 over the 32 bytes of the link before (zeros at the start) and the canonical text
of the row, in UTF-8. `docs/canonical-form.md` describes the texts and gives test vectors; changing
either breaks every verifier, so a new form gets a new version in its first line.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how many links it has, and the digest of the last one."""

    count: int = 0
    digest: bytes = bytes(32)

    def link(self, text: str) -> "Head":
        """Return the head after one more row with this canonical text."""
        digest = hashlib.sha256(self.digest + text.encode("utf-8")).digest()
        return Head(self.count + 1, digest)


def joined(lines: Iterable[str]) -> str:
    """Return the text of a row: each line ends with a line feed."""
    return "".join(f"{line}\n" for line in lines)


def written(instant: datetime | None) -> str:
    """Return an instant to the microsecond in UTC; a dash for none."""
    if instant is None:
        return "-"
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
