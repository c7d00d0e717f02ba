"""Rows of the two chains with their texts, for stretches of several accounts at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from balances.core import sql
from balances.core.amounts import Level
from balances.evidence.statements.plans import Stretch
from balances.ledger.chain import Entry, SnapshotFacts, run_text, snapshot_text
from balances.ledger.runs import Run
from balances.ledger.snapshots import VANISHED

Uids = Mapping[int, UUID]
Stretches = Mapping[int, Stretch]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a chain: its place, its link, its text, and the time that the text tells of."""

    number: int
    link: bytes
    text: str
    begins: datetime
    ends: datetime
    #: Whether the text names assets that were gone from then on.
    names_the_gone: bool = False


# One row more at the beginning, for its link.
_WANTED = """
FROM unnest(%(accounts)s::bigint[], %(firsts)s::int[], %(lasts)s::int[]) AS w(account, first, last)
JOIN balances_{table} t ON t.account_id = w.account AND t.number BETWEEN w.first - 1 AND w.last
ORDER BY w.account, t.number
"""
_SNAPSHOTS = (
    "SELECT w.account, t.id, t.number, t.slot, t.observed_at, t.payload_id, t.flags, t.chain"
    + _WANTED.format(table="snapshot")
)
_RUNS = (
    "SELECT w.account, t.number, t.chain, upper(t.span), t.outcome, t.reason, t.first_slot,"
    " t.last_slot, t.interval_seconds, t.slots, t.first_observed, t.last_observed, t.lateness_ms"
    + _WANTED.format(table="run")
)
# The least and the most let PostgreSQL pass over months.
_CHANGES = """
SELECT c.snapshot_id, h.asset, c.total, c.available, c.pending_in, c.pending_out, c.scale, c.flags
FROM unnest(%(accounts)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[])
    AS w(account, since, until)
JOIN balances_holding h ON h.account_id = w.account
JOIN balances_change c ON c.holding_id = h.id AND c.valid_from BETWEEN w.since AND w.until
WHERE c.valid_from BETWEEN %(least)s AND %(most)s
"""


def snapshot_rows(stretches: Stretches, uids: Uids) -> dict[int, list[Row]]:
    """Return, by account, the snapshots of its stretch and the one before it."""
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for account_id, *row in sql.rows(_SNAPSHOTS, _values(stretches)):
        found[account_id].append(tuple(row))
    changes = _changes(found)
    return {
        account_id: [_snapshot(uids[account_id], row, changes[row[0]]) for row in rows]
        for account_id, rows in found.items()
    }


def run_rows(stretches: Stretches, uids: Uids) -> dict[int, list[Row]]:
    """Return, by account, the closed runs of its stretch and the one before it."""
    found: dict[int, list[Row]] = defaultdict(list)
    for account_id, number, link, until, *columns in sql.rows(_RUNS, _values(stretches)):
        run = _run(*columns)
        text = run_text(account=uids[account_id], number=number, run=run, until=until)
        found[account_id].append(Row(number, bytes(link), text, run.first, until))
    return found


def _run(outcome: str, reason: str, *rest: Any) -> Run:
    return Run(outcome, reason, *rest)


def _values(stretches: Stretches) -> dict[str, list[int]]:
    wanted = {pk: one for pk, one in stretches.items() if one.first}
    return {
        "accounts": list(wanted),
        "firsts": [one.first for one in wanted.values()],
        "lasts": [one.last for one in wanted.values()],
    }


def _changes(found: Mapping[int, Sequence[tuple[Any, ...]]]) -> dict[int, list[Entry]]:
    changes: dict[int, list[Entry]] = defaultdict(list)
    if not found:
        return changes
    since = [rows[0][3] for rows in found.values()]
    until = [rows[-1][3] for rows in found.values()]
    values = {
        "accounts": list(found), "since": since, "until": until,
        "least": min(since), "most": max(until),
    }  # fmt: skip
    for snapshot_id, asset, *amounts, flags in sql.rows(_CHANGES, values):
        level = Level(*(int(amount) for amount in amounts))
        changes[snapshot_id].append(Entry(asset, level, tuple(flags)))
    return changes


def _snapshot(uid: UUID, row: tuple[Any, ...], changes: Sequence[Entry]) -> Row:
    _, number, slot, observed_at, payload, flags, link = row
    facts = SnapshotFacts(uid, number, slot, observed_at, bytes(payload), flags, changes)
    gone = any(VANISHED in change.flags for change in changes)
    text = snapshot_text(facts)
    return Row(number, bytes(link), text, observed_at, observed_at, gone)
