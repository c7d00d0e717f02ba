"""What leads from an account's amounts through its snapshot to a head, within the reader's time."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from balances.core import sql
from balances.evidence.statements.chain_rows import Row, run_rows, snapshot_rows
from balances.evidence.statements.plans import Ends, Plan, Stretch

#: The snapshot is of an owner's time before, and its text names what that owner no longer had.
BEFORE: Final = "before"


@dataclass(frozen=True, slots=True)
class Path:
    """Texts that follow one another, the link before them, that of the last, and why it ends."""

    before: str
    texts: tuple[str, ...]
    head: str
    ends: Ends | Literal["before"]


#: No text: there is none, or none that is the reader's to see.
NOWHERE = Path("", (), "", "none")
WITHHELD = Path("", (), "", BEFORE)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is given for one account. `answer` is as Qredo sent it."""

    snapshots: Path
    answer: bytes | None
    runs: Path


def evidence(plans: Sequence[Plan], uids: dict[int, UUID]) -> dict[int, Evidence]:
    """Return, by account, the evidence that was planned."""
    snapshots = snapshot_rows({p.basis.account_id: p.snapshots for p in plans}, uids)
    runs = run_rows({p.basis.account_id: p.runs for p in plans}, uids)
    answers = _answers({plan.basis.payload for plan in plans})
    found = {}
    for plan in plans:
        pk = plan.basis.account_id
        path = _snapshots(plan, snapshots.get(pk, []))
        answer = answers.get(plan.basis.payload) if path.texts else None
        found[pk] = Evidence(path, answer, _runs(plan, runs.get(pk, [])))
    return found


def _snapshots(plan: Plan, rows: list[Row]) -> Path:
    began, ended = plan.span
    inside = [row for row in rows if ended is None or row.ends < ended]
    path = _path(plan.snapshots, inside, is_cut=len(inside) < len(rows))
    own = next((row for row in inside if row.number == plan.basis.snapshot), None)
    # Amounts of the present are in this text, and what an owner before no longer had.
    if own is not None and own.begins < began and own.names_the_gone:
        return WITHHELD
    return path


def _runs(plan: Plan, rows: list[Row]) -> Path:
    began, ended = plan.span
    inside = [row for row in rows if ended is None or row.ends <= ended]
    path = _path(plan.runs, inside, is_cut=len(inside) < len(rows))
    first = next((row for row in inside if row.number == plan.runs.first), None)
    return WITHHELD if first is not None and first.begins < began else path


def _path(stretch: Stretch, rows: Sequence[Row], *, is_cut: bool) -> Path:
    texts = [row.text for row in rows if row.number >= stretch.first]
    if not stretch.first or not texts:
        return Path("", (), "", "edge") if is_cut else NOWHERE
    before = bytes(32) if stretch.first == 1 else rows[0].link
    head = rows[-1].link.hex()
    return Path(before.hex(), tuple(texts), head, "edge" if is_cut else stretch.ends)


def _answers(digests: Iterable[bytes]) -> dict[bytes, bytes]:
    found = sql.rows(
        "SELECT digest, body FROM balances_payload WHERE digest = ANY(%s)", [list(digests)]
    )
    return {bytes(digest): _bytes_of(body) for digest, body in found}


def _bytes_of(body: bytes) -> bytes:
    # What cannot be read any more is given as nothing, which no digest fits.
    try:
        return zlib.decompress(bytes(body))
    except zlib.error:
        return b""
