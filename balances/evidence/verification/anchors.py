"""Anchors: the heads of every account's chains, exported outside the database.

Whoever can change the whole database can recompute every chain. Heads that were exported before,
to where that somebody cannot write, still tell: a chain only grows, so each has to be found in it.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from accounts.chain import anchor_files
from accounts.models import Account
from balances.core import sql
from balances.core.instants import iso
from balances.evidence.verification.findings import Finding
from balances.ledger import schedules

FORMAT = "qredo-dash heads 1"


@dataclass(frozen=True, slots=True)
class Heads:
    """One account's two heads: how many links, and the last link in hexadecimal."""

    account: str
    snapshots: int
    snapshot_chain: str
    runs: int
    run_chain: str


def heads() -> Iterator[Heads]:
    """Yield the heads of every account as they are now."""
    found = sql.rows(
        "SELECT a.uid, s.snapshot_count, s.snapshot_chain, s.run_count, s.run_chain"
        " FROM balances_schedule s JOIN accounts_account a ON a.id = s.account_id ORDER BY a.uid"
    )
    for uid, snapshots, snapshot_chain, runs, run_chain in found:
        yield Heads(str(uid), snapshots, bytes(snapshot_chain).hex(), runs, bytes(run_chain).hex())


def export(path: Path) -> int:
    """Write the heads to a new file; return how many accounts are in it. Nothing is overwritten.

    Raise `FileExistsError`, or another `OSError`. The file stands there whole or not at all.
    """
    rows = list(heads())
    header = {"format": FORMAT, "at": iso(schedules.clock()), "accounts": len(rows)}
    anchor_files.write(path, header, [asdict(row) for row in rows])
    return len(rows)


def export_day(folder: Path) -> Path:
    """Write today's heads into a folder unless they stand there already; return the file."""
    return anchor_files.export_day(folder, "heads", schedules.clock(), export)


def read(path: Path) -> list[Heads]:
    """Return the heads in a file. Raise `BadAnchorError` saying what is wrong with it."""
    return anchor_files.read(path, kind=FORMAT, counted="accounts", one=_heads_of)


def _heads_of(line: dict[str, Any]) -> Heads:
    """Read one account's heads. Raise `ValueError` and the like."""
    UUID(line["account"])
    for count, link in (("snapshots", "snapshot_chain"), ("runs", "run_chain")):
        if type(line[count]) is not int or not re.fullmatch(r"[0-9a-f]{64}", line[link]):
            raise ValueError("no head")
    return Heads(**line)


def check(anchor: list[Heads]) -> Iterator[Finding]:
    """Yield every exported head that is not in its account's chain any more."""
    accounts = {str(uid): pk for uid, pk in Account.objects.values_list("uid", "pk")}
    for one in anchor:
        account_id = accounts.get(one.account)
        if account_id is None:
            yield Finding(one.account, None, "anchor account", "there", "gone")
            continue
        yield from _check_one(one, "snapshot", account_id, one.snapshots, one.snapshot_chain)
        yield from _check_one(one, "run", account_id, one.runs, one.run_chain)


def _check_one(
    one: Heads, kind: str, account_id: int, number: int, chain: str
) -> Iterator[Finding]:
    if not number:
        return
    found = sql.rows(
        f"SELECT chain FROM balances_{kind} WHERE account_id = %s AND number = %s",  # noqa: S608 - two names
        [account_id, number],
    )
    link = bytes(found[0][0]).hex() if found else "gone"
    if link != chain:
        yield Finding(one.account, None, f"anchor {kind} {number}", chain, link)
