"""Storing what differs: holdings, changes and snapshots, in one statement each a chunk."""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import qredo
from accounts.chain.hash_chain import Head
from balances.core import sql
from balances.core.amounts import Level, plain_decimal
from balances.ledger import rollups
from balances.ledger.chain import Entry, SnapshotFacts, snapshot_text
from balances.ledger.partitions import make_months
from balances.ledger.rollups import Delta
from balances.ledger.schedules import uids_of

#: Flags of a change: what a reader should know about a figure.
IDENTITY, SCALE_CHANGED, VANISHED = "identity", "scale_changed", "vanished"
#: Of a change: the answer has several entries of the asset, and the figure is their sum. Of a
#: snapshot: that is so of some asset in its answer.
SUMMED = "summed"
#: Flags of a snapshot: no asset at all where there were some; an asset is in the answer that no
#: figure has, for its name cannot be shown.
EMPTIED, LEFT_OUT = "emptied", "left_out"


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer, with the instant that it is recorded under."""

    account_id: int
    slot: datetime | None
    observed_at: datetime
    answer: qredo.BalanceAnswer
    is_first: bool
    head: Head


@dataclass(frozen=True, slots=True)
class Changed:
    """A holding that differs from before; `before` is `None` for an asset seen the first time."""

    account_id: int
    holding_id: int
    asset: str
    observed_at: datetime
    before: Level | None
    after: Level
    flags: tuple[str, ...]

    @property
    def delta(self) -> Delta:
        """What the change adds to the sums of the account's owner."""
        level = self.after if self.before is None else self.after - self.before
        return Delta(self.account_id, self.asset, self.observed_at, level)


# What is held and not zero.
_HELD = """
SELECT account_id, asset FROM balances_holding
WHERE account_id = ANY(%s) AND (total, available, pending_in, pending_out) <> (0, 0, 0, 0)
ORDER BY account_id, asset
"""


def hidden(answers: Mapping[int, qredo.BalanceAnswer]) -> dict[int, str]:
    """Return, by account, an asset that is held and may be the one that an answer leaves out.

    It is missing from the answer under its name, so that nobody knows whether it is gone.
    """
    doubtful = {pk: one.balances for pk, one in answers.items() if one.balances.left_out}
    found: dict[int, str] = {}
    for pk, asset in sql.rows(_HELD, [list(doubtful)]) if doubtful else ():
        if asset not in {one.asset for one in doubtful[pk].assets}:
            found.setdefault(pk, asset)
    return found


_UPSERT = """
INSERT INTO balances_holding AS h
    (account_id, asset, total, available, pending_in, pending_out, scale, flags, changed_at)
SELECT account_id, asset, total, available, pending_in, pending_out, scale,
    string_to_array(flags, ','), observed_at
FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[],
    %s::numeric[], %s::text[], %s::timestamptz[])
    AS n(account_id, asset, total, available, pending_in, pending_out, scale, flags, observed_at)
ORDER BY account_id, asset
ON CONFLICT (account_id, asset) DO UPDATE SET
    total = excluded.total, available = excluded.available, pending_in = excluded.pending_in,
    pending_out = excluded.pending_out, scale = excluded.scale, changed_at = excluded.changed_at,
    flags = CASE WHEN h.scale <> excluded.scale
        THEN excluded.flags || 'scale_changed'::varchar ELSE excluded.flags END
WHERE (h.total, h.available, h.pending_in, h.pending_out, h.scale, 'summed' = ANY(h.flags))
    IS DISTINCT FROM
    (excluded.total, excluded.available, excluded.pending_in, excluded.pending_out, excluded.scale,
    'summed' = ANY(excluded.flags))
RETURNING new.account_id, new.id, new.asset, new.changed_at,
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
RETURNING h.account_id, h.id, h.asset, h.changed_at,
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


@dataclass(frozen=True, slots=True)
class Stored:
    """What an account's answer left behind: changed holdings, and the new head of its chain."""

    changes: int
    head: Head


def store(observations: Sequence[Observation]) -> dict[int, Stored]:
    """Store answers that may differ from what is held; return what was stored, by account.

    An account without an entry held exactly this before, and nothing was written of it.
    """
    if not observations:
        return {}
    changed: dict[int, list[Changed]] = defaultdict(list)
    for change in [*_upsert(observations), *_vanish(observations)]:
        changed[change.account_id].append(change)
    unchanged = [o for o in observations if o.account_id not in changed and not o.is_first]
    turned = _turned(unchanged)
    stored = [
        o for o in observations if o.is_first or o.account_id in changed or o.account_id in turned
    ]
    heads = _linked(stored, changed)
    snapshots = _snapshots(stored, changed, heads)
    _write_changes(snapshots, changed)
    rollups.add([c.delta for changes in changed.values() for c in changes])
    return {i: Stored(len(changed[i]), head) for i, head in heads.items()}


# The flags of each account's newest snapshot.
_FLAGS = """
SELECT n.id, s.flags FROM unnest(%s::bigint[]) AS n(id) CROSS JOIN LATERAL (
    SELECT flags FROM balances_snapshot WHERE account_id = n.id ORDER BY observed_at DESC LIMIT 1
) s
"""


def _turned(unchanged: Sequence[Observation]) -> set[int]:
    """Return the accounts where nothing changed but whether an asset is left out."""
    now = {o.account_id: bool(o.answer.balances.left_out) for o in unchanged}
    rows = sql.rows(_FLAGS, [list(now)]) if now else []
    return {pk for pk, flags in rows if (LEFT_OUT in flags) != now[pk]}


def _linked(
    observations: Sequence[Observation], changed: dict[int, list[Changed]]
) -> dict[int, Head]:
    uids = uids_of([o.account_id for o in observations])
    return {
        o.account_id: o.head.link(snapshot_text(_facts(o, uids[o.account_id], changed)))
        for o in observations
    }


def _facts(o: Observation, uid: UUID, changed: dict[int, list[Changed]]) -> SnapshotFacts:
    return SnapshotFacts(
        account=uid,
        number=o.head.count + 1,
        slot=o.slot,
        observed_at=o.observed_at,
        payload=o.answer.digest,
        flags=_snapshot_flags(o, changed),
        changes=[Entry(c.asset, c.after, c.flags) for c in changed[o.account_id]],
    )


def _upsert(observations: Sequence[Observation]) -> Iterator[Changed]:
    rows = [
        (o.account_id, b.asset, b.total, b.available, b.pending_in, b.pending_out, b.scale,
         ",".join(_flags(b)), o.observed_at)
        for o in observations for b in o.answer.balances.assets
    ]  # fmt: skip
    return _changed(_UPSERT, _columns(rows)) if rows else iter(())


def _flags(one: qredo.AssetBalance) -> tuple[str, ...]:
    """Return the flags of an asset that an answer alone tells."""
    return (*(() if one.identity_holds else (IDENTITY,)), *((SUMMED,) if one.is_summed else ()))


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
        before = None if row[4] is None else Level(*(int(value) for value in row[4:9]))
        after = Level(*(int(value) for value in row[9:14]))
        yield Changed(row[0], row[1], row[2], row[3], before, after, tuple(row[14]))


_SNAPSHOTS = """
INSERT INTO balances_snapshot
    (account_id, slot, observed_at, payload_id, flags, number, chain)
SELECT account_id, slot, observed_at, digest, string_to_array(flags, ','), number, chain
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bytea[], %s::text[],
    %s::integer[], %s::bytea[])
    AS n(account_id, slot, observed_at, digest, flags, number, chain)
RETURNING account_id, id
"""

# In the order of the digests, so that two writers never wait in a circle.
_PAYLOADS = """
INSERT INTO balances_payload (digest, body, size)
SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::integer[]) AS n(digest, body, size)
ORDER BY digest ON CONFLICT (digest) DO NOTHING
"""


def _snapshots(
    observations: Sequence[Observation],
    changed: dict[int, list[Changed]],
    heads: dict[int, Head],
) -> dict[int, int]:
    """Store the answers' bytes and one snapshot each; return the snapshots' ids by account."""
    if not observations:
        return {}
    bodies = [
        (o.answer.digest, zlib.compress(o.answer.body), len(o.answer.body)) for o in observations
    ]
    sql.count(_PAYLOADS, _columns(bodies))
    rows = [
        (o.account_id, o.slot, o.observed_at, o.answer.digest,
         ",".join(_snapshot_flags(o, changed)),
         heads[o.account_id].count, heads[o.account_id].digest)
        for o in observations
    ]  # fmt: skip
    return dict(sql.rows(_SNAPSHOTS, _columns(rows)))


def _snapshot_flags(o: Observation, changed: dict[int, list[Changed]]) -> tuple[str, ...]:
    balances = o.answer.balances
    flags = {
        EMPTIED: not balances.assets and bool(changed.get(o.account_id)),
        LEFT_OUT: bool(balances.left_out),
        SUMMED: bool(balances.summed),
    }
    return tuple(flag for flag, is_set in flags.items() if is_set)


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
    delta = change.delta.level
    deltas = (delta.total, delta.available, delta.pending_in, delta.pending_out)
    return (
        change.holding_id, change.observed_at, snapshot_id, after.total, after.available,
        after.pending_in, after.pending_out, after.scale,
        *(plain_decimal(amount, delta.scale) for amount in deltas), ",".join(change.flags),
    )  # fmt: skip


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
