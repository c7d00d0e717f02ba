"""What verification finds, and where."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from accounts.chain.hash_chain import Head
from balances.core.instants import iso


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the history that is not what it ought to be.

    `slot` is the slot, or where there is none the instant, of the row that it concerns.
    """

    account: str
    slot: str | None
    field: str
    expected: str
    found: str

    def as_dict(self) -> dict[str, str | None]:
        """Return the finding as it is printed in JSON."""
        return asdict(self)

    def as_line(self) -> str:
        """Return the finding as it is printed for people."""
        at = f" at {self.slot}" if self.slot else ""
        return f"{self.account}{at}: {self.field} is {self.found}, expected {self.expected}"


def compared(
    account: str, slot: datetime | None, field: str, expected: object, found: object
) -> Iterator[Finding]:
    """Yield a finding if two values differ."""
    if expected != found:
        at = None if slot is None else iso(slot)
        yield Finding(account, at, field, _text(expected), _text(found))


def compared_heads(account: str, field: str, expected: Head, found: Head) -> Iterator[Finding]:
    """Yield a finding if a chain does not end where the account's schedule says."""
    yield from compared(account, None, f"{field} count", expected.count, found.count)
    yield from compared(account, None, f"{field} digest", expected.digest, found.digest)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return iso(value) if isinstance(value, datetime) else str(value)
