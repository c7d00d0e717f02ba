"""The chain: every snapshot and closed run is linked to the one before it of its account.

A link is SHA-256 over the 32 bytes of the link before (zeros at the start) and the canonical text
of the row, in UTF-8. `docs/canonical-form.md` describes the texts and gives a test vector; changing
either breaks every verifier, so a new form gets a new version in its first line.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from balances.amounts import Level
from balances.runs import Run


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how many links it has, and the digest of the last one."""

    count: int = 0
    digest: bytes = bytes(32)

    def link(self, text: str) -> "Head":
        """Return the head after one more row with this canonical text."""
        digest = hashlib.sha256(self.digest + text.encode("utf-8")).digest()
        return Head(self.count + 1, digest)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change as a snapshot's text shows it: an asset and its four amounts."""

    asset: str
    level: Level
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """What a snapshot's link stands for. `payload` is the SHA-256 of the answer's bytes."""

    account: UUID
    number: int
    slot: datetime | None
    observed_at: datetime
    payload: bytes
    flags: Sequence[str]
    changes: Sequence[Entry]


def snapshot_text(facts: SnapshotFacts) -> str:
    """Return the canonical text of a snapshot and of the changes that it made."""
    return _joined(
        [
            "qredo-dash snapshot 1",
            f"account {facts.account}",
            f"number {facts.number}",
            f"slot {_instant(facts.slot)}",
            f"observed {_instant(facts.observed_at)}",
            f"payload {facts.payload.hex()}",
            f"flags {','.join(facts.flags)}",
            *(_change_line(change) for change in sorted(facts.changes, key=lambda c: c.asset)),
        ]
    )


def run_text(*, account: UUID, number: int, run: Run, until: datetime) -> str:
    """Return the canonical text of a closed run."""
    return _joined(
        [
            "qredo-dash run 1",
            f"account {account}",
            f"number {number}",
            f"outcome {run.outcome}",
            f"reason {run.reason}",
            f"slots {run.slots} of {run.interval_seconds} s",
            f"first {_instant(run.first)}",
            f"last {_instant(run.last)}",
            f"until {_instant(until)}",
            f"observed {_instant(run.first_observed)} {_instant(run.last_observed)}",
            f"lateness {run.lateness_ms} ms",
        ]
    )


def _change_line(change: Entry) -> str:
    level = change.level
    # JSON's escapes keep any asset's name on its line, and leave plain names as they are.
    return (
        f"change {json.dumps(change.asset)} {level.total} {level.available} {level.pending_in}"
        f" {level.pending_out} {level.scale} {','.join(change.flags)}"
    )


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _instant(instant: datetime | None) -> str:
    """Return an instant to the microsecond in UTC; a dash for none."""
    if instant is None:
        return "-"
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
