"""Stored changes of one account, a stretch of time at a time, so that memory stays flat."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account
from balances.core import sql
from balances.core.amounts import Level
from balances.ledger.chain import Entry

# The bounds let PostgreSQL pass over months and read each change once.
_CHANGES = """
SELECT c.snapshot_id, h.asset, c.valid_from, c.total, c.available, c.pending_in,
    c.pending_out, c.scale, c.delta_total::text, c.delta_available::text,
    c.delta_pending_in::text, c.delta_pending_out::text, c.flags
FROM balances_holding h JOIN balances_change c ON c.holding_id = h.id
WHERE h.account_id = %(account)s AND c.valid_from > %(after)s AND c.valid_from <= %(until)s
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """One stored change."""

    valid_from: datetime
    entry: Entry
    deltas: tuple[str, ...]


def stored_between(
    account: Account, after: datetime | str, until: datetime | str
) -> dict[int, list[Stored]]:
    """Return an account's changes after one instant up to another, by the id of their snapshot."""
    found: dict[int, list[Stored]] = defaultdict(list)
    values = {"account": account.pk, "after": after, "until": until}
    for row in sql.rows(_CHANGES, values):
        level = Level(*(int(amount) for amount in row[3:8]))
        entry = Entry(row[1], level, tuple(row[12]))
        found[row[0]].append(Stored(row[2], entry, tuple(row[8:12])))
    return found
