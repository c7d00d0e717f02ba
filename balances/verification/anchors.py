"""Anchors: the heads of every account's chains, exported outside the database.

Whoever can change the whole database can recompute every chain. Heads that were exported before,
to where that somebody cannot write, still tell: a chain only grows, so each has to be found in it.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

from accounts.models import Account
from balances import ledger, sql
from balances.instants import iso
from balances.verification.findings import Finding

FORMAT = "qredo-dash heads 1"


class BadAnchorError(Exception):
    """A file that holds no anchor."""


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
    header = {"format": FORMAT, "at": iso(ledger.clock()), "accounts": len(rows)}
    lines = [json.dumps(line) + "\n" for line in (header, *map(asdict, rows))]
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".heads-") as draft:
        draft.writelines(lines)
        draft.flush()
        os.fsync(draft.fileno())
        path.hardlink_to(draft.name)
    return len(rows)


def export_day(folder: Path) -> Path:
    """Write today's heads into a folder unless they stand there already; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = day_file(folder, ledger.clock())
    with suppress(FileExistsError):
        export(path)
    return path


def day_file(folder: Path, day: datetime) -> Path:
    """Return where the heads of a day (in UTC) are exported to."""
    return folder / f"heads-{day.astimezone(UTC):%Y%m%d}.jsonl"


def read(path: Path) -> list[Heads]:
    """Return the heads in a file. Raise `BadAnchorError` saying what is wrong with it."""
    try:
        first, *lines = path.read_text(encoding="utf-8").splitlines()
        count, found = _count_of(json.loads(first)), [_heads_of(json.loads(line)) for line in lines]
    except OSError as error:
        raise BadAnchorError(f"{path.name} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadAnchorError(f"{path.name} is no file of heads.") from None
    if count != len(found):
        raise BadAnchorError(f"{path.name} holds {len(found)} accounts of {count}. It was cut.")
    return found


def _count_of(header: dict[str, Any]) -> object:
    """Return how many accounts a file says that it has. Raise `ValueError` and the like."""
    if header["format"] != FORMAT:
        raise ValueError("another format")
    return header["accounts"]


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
