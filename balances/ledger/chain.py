"""The chains of history: every snapshot and closed run is linked to the one before it.

`accounts.chain.hash_chain` says what a link is, `docs/canonical-form.md` what the texts are.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.chain.hash_chain import joined, written
from balances.core.amounts import Level
from balances.ledger.runs import Run


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
    return joined(
        [
            "qredo-dash snapshot 1",
            f"account {facts.account}",
            f"number {facts.number}",
            f"slot {written(facts.slot)}",
            f"observed {written(facts.observed_at)}",
            f"payload {facts.payload.hex()}",
            f"flags {','.join(facts.flags)}",
            *(_change_line(change) for change in sorted(facts.changes, key=lambda c: c.asset)),
        ]
    )


def run_text(*, account: UUID, number: int, run: Run, until: datetime) -> str:
    """Return the canonical text of a closed run."""
    return joined(
        [
            "qredo-dash run 1",
            f"account {account}",
            f"number {number}",
            f"outcome {run.outcome}",
            f"reason {run.reason}",
            f"slots {run.slots} of {run.interval_seconds} s",
            f"first {written(run.first)}",
            f"last {written(run.last)}",
            f"until {written(until)}",
            f"observed {written(run.first_observed)} {written(run.last_observed)}",
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
