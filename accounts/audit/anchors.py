"""Anchors of the audit log: the heads of every log, exported outside the database.

A log's chain shows no cut tail and no recomputation as a whole; heads exported before do, because
a log only grows: each head has to be found in it for good.
"""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from accounts.chain import anchor_files
from accounts.chain.hash_chain import written
from accounts.models import Act

FORMAT = "qredo-dash act heads 1"


@dataclass(frozen=True, slots=True)
class LogHead:
    """A log's head: how many acts it has, and the last link in hexadecimal."""

    log: str
    acts: int
    chain: str


def heads() -> list[LogHead]:
    """Return the head of every log as it is now."""
    newest = Act.objects.order_by("log", "-number").distinct("log")
    rows = newest.values_list("log", "number", "chain")
    return [LogHead(log, number, bytes(chain).hex()) for log, number, chain in rows]


def export(path: Path) -> int:
    """Write the heads to a new file; return how many logs are in it. Nothing is overwritten.

    Raise `FileExistsError`, or another `OSError`. The file stands there whole or not at all.
    """
    found = heads()
    header = {"format": FORMAT, "at": written(clock()), "logs": len(found)}
    anchor_files.write(path, header, [asdict(one) for one in found])
    return len(found)


def export_day(folder: Path) -> Path:
    """Write today's heads into a folder unless they stand there already; return the file."""
    return anchor_files.export_day(folder, "act-heads", clock(), export)


def read(path: Path) -> list[LogHead]:
    """Return the heads in a file. Raise `BadAnchorError` saying what is wrong with it."""
    return anchor_files.read(path, kind=FORMAT, counted="logs", one=_head_of)


def _head_of(line: dict[str, Any]) -> LogHead:
    """Read one log's head. Raise `ValueError` and the like."""
    head = LogHead(**line)
    if type(head.acts) is not int or not re.fullmatch(r"[0-9a-f]{64}", head.chain):
        raise ValueError("no head")
    if head.acts < 1 or type(head.log) is not str:
        raise ValueError("no head")
    return head


def clock() -> datetime:
    """Return PostgreSQL's time now, by which acts are written down."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
