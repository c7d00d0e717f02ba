"""Storing what differs: holdings, changes and snapshots, in one statement each a chunk."""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction

import qredo
from balances import sql
from balances.amounts import Level, plain_decimal

#: Flags of a change: what a reader should know about a figure.
IDENTITY, SCALE_CHANGED, VANISHED = "identity", "scale_changed", "vanished"
#: Flag of a snapshot: no asset at all where there were some.
EMPTIED = "emptied"


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer, with the instant that it is recorded under."""

    account_id: int
    slot: datetime | None
    observed_at: datetime
    answer: qredo.BalanceAnswer
    is_first: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A holding that differs from before; `before` is `None` for an asset seen the first time."""

    account_id: int
    holding_id: int
    observed_at: datetime
    before: Level | None
    after: Level
    flags: tuple[str, ...]


_UPSERT = """
INSERT INTO balances_holding AS h
    (account_id, asset, total, available, pending_in, pending_out, scale, flags, changed_at)
SELECT account_id, asset, total, available, pending_in, pending_out, scale,
    CASE WHEN breaks THEN ARRAY['identity'] ELSE '{}' END, observed_at
FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[],
    %s::numeric[], %s::boolean[], %s::timestamptz[])
    AS n(account_id, asset, total, available, pending_in, pending_out, scale, breaks, observed_at)
ORDER BY account_id, asset
ON CONFLICT (account_id, asset) DO UPDATE SET
    total = excluded.total, available = excluded.available, pending_in = excluded.pending_in,
    pending_out = excluded.pending_out, scale = excluded.scale, changed_at = excluded.changed_at,
    flags = CASE WHEN h.scale <> excluded.scale
        THEN excluded.flags || 'scale_changed'::varchar ELSE excluded.flags END
WHERE (h.total, h.available, h.pending_in, h.pending_out, h.scale)
    IS DISTINCT FROM
    (excluded.total, excluded.available, excluded.pending_in, excluded.pending_out, excluded.scale)
RETURNING new.account_id, new.id, new.changed_at,
    old.total, old.available, old.pending_in, old.pending_out, old.scale,
    new.total, new.available, new.pending_in, new.pending_out, new.scale, new.flags
"""

# An asset that stood in an answer before and is missing now is zero; it is not unknown.
_VANISH = """
UPDATE balances_holding h SET total = 0, available = 0, pending_in = 0, pending_out = 0,
    flags = ARRAY['vanished'], changed_at = n.observed_at
FROM unnest(%s::bigint[], %s::timestamptz[]) AS n(account_id, observed_at)
WHERE h.account_id = n.account_id
  AND (h.total, h.available, h.pending_in, h.pending_out) <> (0, 0, 0, 0)
  AND NOT EXISTS (
    SELECT FROM unnest(%s::bigint[], %s::text[]) AS p(account_id, asset)
    WHERE p.account_id = h.account_id AND p.asset = h.asset)
RETURNING h.account_id, h.id, h.changed_at,
    old.total, old.available, old.pending_in, old.pending_out, old.scale,
    new.total, new.available, new.pending_in, new.pending_out, new.scale, new.flags
"""

_CHANGES = """
INSERT INTO balances_change (holding_id, valid_from, snapshot_id, total, available, pending_in,
    pending_out, scale, delta_total, delta_available, delta_pending_in, delta_pending_out, flags)
SELECT holding_id, valid_from, snapshot_id, total, available, pending_in, pending_out, scale,
    delta_total, delta_available, delta_pending_in, delta_pending_out, string_to_array(flags, ',')
FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::numeric[], %s::numeric[],
    %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[],
    %s::numeric[], %s::text[])
    AS n(holding_id, valid_from, snapshot_id, total, available, pending_in, pending_out, scale,
        delta_total, delta_available, delta_pending_in, delta_pending_out, flags)
"""


def store(observations: Sequence[Observation]) -> dict[int, int]:
    """Store answers that may differ from what is held; return changed holdings by account.

    An account without an entry held exactly this before, and nothing was written of it.
    """
    if not observations:
        return {}
    changed: dict[int, list[Changed]] = defaultdict(list)
    for change in [*_upsert(observations), *_vanish(observations)]:
        changed[change.account_id].append(change)
    stored = [o for o in observations if o.account_id in changed or o.is_first]
    snapshots = _snapshots(stored, changed)
    _write_changes(snapshots, changed)
    return {o.account_id: len(changed[o.account_id]) for o in stored}


def _upsert(observations: Sequence[Observation]) -> Iterator[Changed]:
    rows = [
        (o.account_id, b.asset, b.total, b.available, b.pending_in, b.pending_out, b.scale,
         not b.identity_holds, o.observed_at)
        for o in observations for b in o.answer.balances.assets
    ]  # fmt: skip
    return _changed(_UPSERT, _columns(rows)) if rows else iter(())


def _vanish(observations: Sequence[Observation]) -> Iterator[Changed]:
    present = [(o.account_id, b.asset) for o in observations for b in o.answer.balances.assets]
    return _changed(
        _VANISH,
        [
            [o.account_id for o in observations],
            [o.observed_at for o in observations],
            [account_id for account_id, _ in present],
            [asset for _, asset in present],
        ],
    )


def _changed(statement: str, values: list[list[Any]]) -> Iterator[Changed]:
    for row in sql.rows(statement, values):
        before = None if row[3] is None else Level(*(int(value) for value in row[3:8]))
        after = Level(*(int(value) for value in row[8:13]))
        yield Changed(row[0], row[1], row[2], before, after, tuple(row[13]))


_SNAPSHOTS = """
INSERT INTO balances_snapshot (account_id, slot, observed_at, payload_id, flags)
SELECT account_id, slot, observed_at, digest, CASE WHEN emptied THEN ARRAY['emptied'] ELSE '{}' END
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bytea[], %s::boolean[])
    AS n(account_id, slot, observed_at, digest, emptied)
RETURNING account_id, id
"""

# In the order of the digests, so that two writers never wait in a circle.
_PAYLOADS = """
INSERT INTO balances_payload (digest, body, size)
SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::integer[]) AS n(digest, body, size)
ORDER BY digest ON CONFLICT (digest) DO NOTHING
"""


def _snapshots(
    observations: Sequence[Observation], changed: dict[int, list[Changed]]
) -> dict[int, int]:
    """Store the answers' bytes and one snapshot each; return the snapshots' ids by account."""
    if not observations:
        return {}
    bodies = [
        (o.answer.digest, zlib.compress(o.answer.body), len(o.answer.body)) for o in observations
    ]
    sql.count(_PAYLOADS, _columns(bodies))
    rows = [
        (o.account_id, o.slot, o.observed_at, o.answer.digest, _is_emptied(o, changed))
        for o in observations
    ]
    return dict(sql.rows(_SNAPSHOTS, _columns(rows)))


def _is_emptied(o: Observation, changed: dict[int, list[Changed]]) -> bool:
    return not o.answer.balances.assets and bool(changed.get(o.account_id))


def _write_changes(snapshots: dict[int, int], changed: dict[int, list[Changed]]) -> None:
    rows = [
        _change_row(snapshots[account_id], change)
        for account_id, changes in changed.items()
        for change in changes
    ]
    if rows:
        make_months({change.observed_at for changes in changed.values() for change in changes})
        sql.count(_CHANGES, _columns(rows))


def _change_row(snapshot_id: int, change: Changed) -> tuple[Any, ...]:
    after = change.after
    delta = after - change.before if change.before is not None else after
    deltas = (delta.total, delta.available, delta.pending_in, delta.pending_out)
    return (
        change.holding_id, change.observed_at, snapshot_id, after.total, after.available,
        after.pending_in, after.pending_out, after.scale,
        *(plain_decimal(amount, delta.scale) for amount in deltas), ",".join(change.flags),
    )  # fmt: skip


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


_known_months: set[date] = set()


def make_months(instants: Iterable[datetime]) -> None:
    """Make the monthly partitions that hold these instants, unless this process knows of them."""
    months = {instant.astimezone(UTC).date().replace(day=1) for instant in instants}
    for month in sorted(months - _known_months):
        sql.rows("SELECT balances_make_months(%s, %s)", [month, month])
    # Known only once they are committed: a rolled-back month would be missing for good.
    transaction.on_commit(lambda: _known_months.update(months))
