"""A statement as a JSON file: figures, and what leads from each of them to a head.

An account a line, so that memory stays flat. It is written to disk before anybody is given it: a
slow reader then holds no transaction open, and what cannot be finished is an error, not half a
file.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.access.querysets import Span
from accounts.chain.hash_chain import written
from accounts.models import Tenure
from balances.core import sql
from balances.core.amounts import Level, plain_decimal
from balances.evidence.statements import paths
from balances.evidence.statements.anchor import Anchor, first_since
from balances.evidence.statements.bases import bases
from balances.evidence.statements.digest import FORMAT, FiguresDigest
from balances.evidence.statements.lines import Line, Tally, Total, lines, tenures_at
from balances.evidence.statements.paths import Evidence
from balances.evidence.statements.plans import batches, plan, span_at
from balances.evidence.statements.request import Asked
from balances.portfolio.members import Held
from balances.portfolio.scope import Scope


def write(asked: Asked, file: IO[str]) -> list[Tenure]:
    """Write a statement; return the tenures of the accounts in it."""
    anchor = first_since(Path(settings.ANCHOR_DIR), asked.at)
    tally, digest = Tally(), FiguresDigest(asked.at)
    with sql.one_view():
        tenures = tenures_at(asked.scope, asked.at)
        _write_head(asked, anchor, file)
        separator = "\n"
        for line, shown in _proven(asked, tenures, anchor):
            tally.add(line)
            digest.add(line)
            file.write(separator + json.dumps(_account(line, shown)))
            separator = ",\n"
    _write_tail(tally, digest, file)
    return tenures


def _write_head(asked: Asked, anchor: Anchor | None, file: IO[str]) -> None:
    head = {
        "format": FORMAT,
        "at": written(asked.at),
        "local": timezone.localtime(asked.at).isoformat(timespec="microseconds"),
        "zone": timezone.get_current_timezone_name(),
        "made_at": written(asked.made_at),
        "made_by": asked.by.email,
        "chosen": asked.scope.narrowing.query,
        "anchor": None if anchor is None else {"file": anchor.file, "at": written(anchor.at)},
    }
    file.write(json.dumps(head)[:-1] + ',\n"accounts": [')


def _write_tail(tally: Tally, digest: FiguresDigest, file: IO[str]) -> None:
    tail = {
        "totals": [_total(total) for total in tally.totals()],
        "coverage": {
            "accounts": tally.accounts,
            "counted": tally.counted,
            **tally.coverage,
            "partial": tally.partial,
        },
        "figures": digest.closed(tally),
    }
    file.write("\n],\n" + json.dumps(tail)[1:] + "\n")


def _proven(
    asked: Asked, tenures: Sequence[Tenure], anchor: Anchor | None
) -> Iterator[tuple[Line, Evidence]]:
    """Yield each line with its evidence; a few queries for a hundred accounts."""
    ids = frozenset(tenure.account_id for tenure in tenures)
    spans = Scope(asked.by, only=ids).spans()
    for chunk in lines(tenures, asked.at):
        uids = {line.account.pk: line.account.uid for line in chunk}
        found = _evidence(uids, asked.at, anchor, spans)
        for line, (pk, shown) in zip(chunk, found, strict=True):
            assert line.account.pk == pk  # noqa: S101 - both in the order of the chunk
            yield line, shown


def _evidence(
    uids: dict[int, UUID], at: datetime, anchor: Anchor | None, spans: dict[int, list[Span]]
) -> Iterator[tuple[int, Evidence]]:
    basis = bases(list(uids), at)
    plans = [plan(basis[pk], str(uid), anchor, span_at(spans[pk], at)) for pk, uid in uids.items()]
    for batch in batches(plans):
        yield from paths.evidence(batch, uids).items()


def _account(line: Line, shown: Evidence) -> dict[str, Any]:
    sight = line.sight
    answer = None if shown.answer is None else b64encode(shown.answer).decode()
    return {
        "account": str(line.account.uid),
        "label": line.account.label,
        "owner": line.owner,
        "environment": line.account.environment,
        "standing": line.standing,
        "coverage": line.coverage,
        "wallets": str(line.wallets),
        "source": line.source,
        "seen_at": written(sight.observed_at) if sight else None,
        "interval_seconds": sight.interval_seconds if sight else None,
        "holdings": [_held(held) for held in line.holdings],
        "snapshots": {**asdict(shown.snapshots), "answer": answer},
        "runs": asdict(shown.runs),
    }


def _held(held: Held) -> dict[str, Any]:
    return {"asset": held.asset, "kind": held.kind, **_amounts(held.level)}


def _total(total: Total) -> dict[str, Any]:
    counts = {
        "environments": list(total.environments),
        "accounts": total.accounts,
        "fresh": total.fresh,
        "partial": total.partial,
        "holders": total.holders,
        "fresh_holders": total.fresh_holders,
    }
    return {"asset": total.asset, "kind": total.kind, **_amounts(total.level), **counts}


def _amounts(level: Level) -> dict[str, Any]:
    """Return amounts in units, as people read them, and exactly in base units."""
    names = ("total", "available", "pending_in", "pending_out")
    units = {name: plain_decimal(getattr(level, name), level.scale) for name in names}
    base = [str(getattr(level, name)) for name in names]
    return {**units, "base_units": base, "scale": str(level.scale)}
