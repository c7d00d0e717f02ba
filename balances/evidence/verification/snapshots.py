"""Snapshots against their bytes, their changes and their chain."""

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import chain, islice

import qredo
from accounts.chain.hash_chain import Head
from accounts.models import Account
from balances.core.amounts import Level, base_units_of, plain_decimal
from balances.core.instants import iso
from balances.evidence.verification.changes import Stored, stored_between
from balances.evidence.verification.findings import Finding, compared, compared_heads
from balances.ledger.chain import Entry, SnapshotFacts, snapshot_text
from balances.ledger.snapshots import EMPTIED, IDENTITY, LEFT_OUT, SCALE_CHANGED, SUMMED, VANISHED
from balances.models import Holding, Payload, Schedule, Snapshot
from balances.polling import entry_rules

AMOUNTS = ("total", "available", "pending_in", "pending_out")
#: Snapshots that are read at once, with their answers' bytes and their changes.
CHUNK = 100


class SnapshotChecker:
    """Walks the snapshots of one account from the first to the last."""

    def __init__(self, account: Account) -> None:
        self.account, self.uid = account, str(account.uid)
        self.head = Head()
        self.seen_at: datetime | None = None
        self.held: dict[str, Entry] = {}
        self.changed_at: dict[str, datetime] = {}
        self.rules = list(entry_rules.rules_of(account))

    def findings(self) -> Iterator[Finding]:
        """Yield whatever is wrong with snapshots, changes, holdings and the head."""
        rows = Snapshot.objects.filter(account=self.account).select_related("payload")
        stream = rows.order_by("number").iterator(chunk_size=CHUNK)
        after: datetime | str = "-infinity"
        while chunk := list(islice(stream, CHUNK)):
            until = max(snapshot.observed_at for snapshot in chunk)
            stored = stored_between(self.account, after, until)
            for snapshot in chunk:
                yield from self._one(snapshot, stored.pop(snapshot.pk, []))
            yield from self._strays(stored)
            after = until
        yield from self._strays(stored_between(self.account, after, "infinity"))
        yield from self._end()

    def _one(self, snapshot: Snapshot, stored: list[Stored]) -> Iterator[Finding]:
        at = snapshot.slot or snapshot.observed_at
        number = self.head.count + 1
        yield from compared(self.uid, at, "number", number, snapshot.number)
        if self.seen_at is not None and snapshot.observed_at <= self.seen_at:
            later = f"after {iso(self.seen_at)}"
            yield Finding(self.uid, iso(at), "observed_at", later, iso(snapshot.observed_at))
        self.seen_at = snapshot.observed_at
        yield from self._changes(snapshot, at, stored)
        self.head = self.head.link(snapshot_text(self._facts(snapshot, stored)))
        yield from compared(self.uid, at, "chain", self.head.digest, bytes(snapshot.chain))
        # From here on with what is stored, so that one broken link is one finding.
        self.head = Head(snapshot.number, bytes(snapshot.chain))

    def _facts(self, snapshot: Snapshot, stored: list[Stored]) -> SnapshotFacts:
        return SnapshotFacts(
            account=self.account.uid,
            number=snapshot.number,
            slot=snapshot.slot,
            observed_at=snapshot.observed_at,
            payload=bytes(snapshot.payload_id),
            flags=snapshot.flags,
            changes=[change.entry for change in stored],
        )

    def _changes(self, snapshot: Snapshot, at: datetime, stored: list[Stored]) -> Iterator[Finding]:
        body = _body(snapshot.payload)
        digest = hashlib.sha256(body).digest()
        yield from compared(self.uid, at, "payload", bytes(snapshot.payload_id), digest)
        yield from compared(self.uid, at, "payload size", len(body), snapshot.payload.size)
        # Entries were summed only if that was recorded when the answer came.
        summed = entry_rules.is_summed(self.rules, snapshot.observed_at)
        try:
            seen = qredo.parse_balances(body, sum_entries=summed)
        except qredo.QredoError as error:
            yield Finding(self.uid, iso(at), "payload", "balances", str(error.reason))
            # From here on with what is stored, so that one broken answer is one finding.
            for change in stored:
                self.held[change.entry.asset] = change.entry
                self.changed_at[change.entry.asset] = change.valid_from
            return
        expected = self._expected(seen)
        flags = [EMPTIED] if expected and not seen.assets and self.held else []
        flags += [LEFT_OUT] if seen.left_out else []
        flags += [SUMMED] if seen.summed else []
        yield from compared(self.uid, at, "flags", flags, snapshot.flags)
        yield from self._compare(snapshot, at, expected, {s.entry.asset: s for s in stored})
        self.held.update(expected)
        self.changed_at.update(dict.fromkeys(expected, snapshot.observed_at))

    def _strays(self, stored: dict[int, list[Stored]]) -> Iterator[Finding]:
        """Yield the changes that no snapshot of their time has made."""
        for change in sorted(chain(*stored.values()), key=lambda s: (s.valid_from, s.entry.asset)):
            field = f"change {change.entry.asset}"
            yield Finding(self.uid, iso(change.valid_from), field, "no such change", "a change")

    def _expected(self, seen: qredo.Balances) -> dict[str, Entry]:
        """Return the changes that an answer makes to what was held before it."""
        found = {}
        for one in seen.assets:
            level = Level(one.total, one.available, one.pending_in, one.pending_out, one.scale)
            before = self.held.get(one.asset)
            was_summed = before is not None and SUMMED in before.flags
            if before is None or before.level != level or was_summed != one.is_summed:
                found[one.asset] = Entry(one.asset, level, _flags(one, before))
        present = {one.asset for one in seen.assets}
        for asset, before in self.held.items():
            level = before.level
            amounts = (level.total, level.available, level.pending_in, level.pending_out)
            if asset not in present and any(amounts):
                found[asset] = Entry(asset, Level(0, 0, 0, 0, level.scale), (VANISHED,))
        return found

    def _compare(
        self,
        snapshot: Snapshot,
        at: datetime,
        expected: dict[str, Entry],
        stored: dict[str, Stored],
    ) -> Iterator[Finding]:
        yield from compared(self.uid, at, "changed assets", sorted(expected), sorted(stored))
        for asset in sorted(expected.keys() & stored.keys()):
            change, truth = stored[asset], expected[asset]
            yield from _level_findings(self.uid, at, f"change {asset}", truth, change.entry)
            name = f"change {asset} valid_from"
            yield from compared(self.uid, at, name, snapshot.observed_at, change.valid_from)
            yield from self._deltas(at, asset, truth, change)

    def _deltas(self, at: datetime, asset: str, truth: Entry, change: Stored) -> Iterator[Finding]:
        before = self.held.get(asset)
        delta = truth.level if before is None else truth.level - before.level
        for name, text in zip(AMOUNTS, change.deltas, strict=True):
            units, scale = base_units_of(text)
            expected = getattr(delta, name)
            if units * delta.scale != expected * scale:
                wanted = plain_decimal(expected, delta.scale)
                yield from compared(self.uid, at, f"change {asset} delta_{name}", wanted, text)

    def _end(self) -> Iterator[Finding]:
        schedule = Schedule.objects.filter(account=self.account).first()
        head = (
            Head()
            if schedule is None
            else Head(schedule.snapshot_count, bytes(schedule.snapshot_chain))
        )
        yield from compared_heads(self.uid, "snapshot head", head, self.head)
        yield from self._holdings()
        if schedule is not None and schedule.digest is not None:
            yield from self._newest(bytes(schedule.digest))

    def _newest(self, digest: bytes) -> Iterator[Finding]:
        """Check what the next answer is compared with: with another's digest a change is missed."""
        for payload in Payload.objects.filter(digest=digest):
            with suppress(qredo.QredoError):
                seen = qredo.parse_balances(_body(payload), sum_entries=True)
                differing = self._expected(seen)
                yield from compared(self.uid, None, "digest of what is held", [], [*differing])

    def _holdings(self) -> Iterator[Finding]:
        rows = {h.asset: h for h in Holding.objects.filter(account=self.account)}
        yield from compared(self.uid, None, "held assets", sorted(self.held), sorted(rows))
        for asset in sorted(self.held.keys() & rows.keys()):
            row = rows[asset]
            amounts = (row.total, row.available, row.pending_in, row.pending_out, row.scale)
            found = Entry(asset, Level(*(int(a) for a in amounts)), tuple(row.flags))
            name = f"holding {asset}"
            yield from _level_findings(self.uid, None, name, self.held[asset], found)
            when = self.changed_at.get(asset)
            yield from compared(self.uid, None, f"{name} changed_at", when, row.changed_at)


def _body(payload: Payload) -> bytes:
    try:
        return zlib.decompress(bytes(payload.body))
    except zlib.error:
        return b""


def _flags(one: qredo.AssetBalance, before: Entry | None) -> tuple[str, ...]:
    told = {
        IDENTITY: not one.identity_holds,
        SUMMED: one.is_summed,
        SCALE_CHANGED: before is not None and before.level.scale != one.scale,
    }
    return tuple(flag for flag, is_set in told.items() if is_set)


def _level_findings(
    uid: str, at: datetime | None, name: str, truth: Entry, found: Entry
) -> Iterator[Finding]:
    for part in (*AMOUNTS, "scale"):
        expected = getattr(truth.level, part)
        yield from compared(uid, at, f"{name} {part}", expected, getattr(found.level, part))
    yield from compared(uid, at, f"{name} flags", truth.flags, found.flags)
