"""The anchor that a statement leads to: the first that was made at its cut-off or after it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from accounts.chain import anchor_files
from accounts.chain.anchor_files import BadAnchorError
from balances.evidence.verification import anchors
from balances.evidence.verification.anchors import Heads


@dataclass(frozen=True, slots=True)
class Anchor:
    """A file of heads, by account."""

    file: str
    at: datetime
    heads: dict[str, Heads]


def first_since(folder: Path, at: datetime) -> Anchor | None:
    """Return the first anchor in a folder made at `at` or later; none if nobody can read one."""
    # Files are named by the day in UTC on which they were made.
    since = f"heads-{at.astimezone(UTC):%Y%m%d}.jsonl"
    for path in sorted(folder.glob("heads-*.jsonl")):
        if path.name >= since and (found := _read(path)) is not None and found.at >= at:
            return found
    return None


def _read(path: Path) -> Anchor | None:
    # One that was damaged leads nowhere; the next one holds all that it held.
    try:
        heads = anchors.read(path)
        return Anchor(path.name, anchor_files.made_at(path), {one.account: one for one in heads})
    except BadAnchorError:
        return None
