"""What somebody with the database in their hands could do: SQL behind the application's back."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from accounts.chain.hash_chain import Head
from accounts.models import Account, Organization
from balances.core import sql
from balances.core.amounts import Level
from balances.ledger import chain, rollups
from balances.ledger.runs import Run as PlainRun
from balances.models import Change, Holding, Payload, Run, Schedule, Snapshot


@contextmanager
def undone() -> Iterator[None]:
    """Undo afterwards whatever was done to the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def tamper(statement: str, *values: object) -> None:
    """Run a statement that has to touch exactly one row."""
    assert sql.count(statement, values) == 1, statement


def alter(row: Snapshot | Holding | Schedule, setting: str, *values: object) -> None:
    """Change columns of one row."""
    tamper(f"UPDATE {row._meta.db_table} SET {setting} WHERE {_key(row)} = %s", *values, row.pk)  # noqa: S608


def _key(row: Snapshot | Holding | Schedule) -> str:
    return "account_id" if isinstance(row, Schedule) else "id"


def alter_change(change: Change, setting: str, *values: object) -> None:
    """Change columns of one change."""
    tamper(
        f"UPDATE balances_change SET {setting} WHERE holding_id = %s AND valid_from = %s",  # noqa: S608
        *values,
        change.holding_id,
        change.valid_from,
    )


def alter_run(run: Run, setting: str, *values: object) -> None:
    """Change columns of one closed run."""
    tamper(
        f"UPDATE balances_run SET {setting} WHERE account_id = %s AND number = %s",  # noqa: S608
        *values,
        run.account_id,
        run.number,
    )


def alter_body(snapshot: Snapshot, body: bytes) -> None:
    """Replace an answer under its old digest."""
    tamper(
        "UPDATE balances_payload SET body = %s, size = %s WHERE digest = %s",
        zlib.compress(body),
        len(body),
        bytes(snapshot.payload_id),
    )


def rename_payload(snapshot: Snapshot, digest: bytes) -> None:
    """Give an answer another digest, in the snapshot too."""
    old = bytes(snapshot.payload_id)
    tamper("UPDATE balances_payload SET digest = %s WHERE digest = %s", digest, old)
    tamper("UPDATE balances_snapshot SET payload_id = %s WHERE payload_id = %s", digest, old)


def swap_bodies(one: Snapshot, other: Snapshot) -> None:
    """Exchange the answers of two snapshots."""
    first, second = (Payload.objects.get(pk=s.payload_id) for s in (one, other))
    for digest, source in ((first.digest, second), (second.digest, first)):
        statement = "UPDATE balances_payload SET body = %s, size = %s WHERE digest = %s"
        tamper(statement, bytes(source.body), source.size, bytes(digest))


def renumber(one: Snapshot, other: Snapshot) -> None:
    """Exchange the places of two snapshots in their chain."""
    alter(other, "number = 1000")
    alter(one, "number = %s", other.number)
    alter(other, "number = %s", one.number)


def delete_snapshot(snapshot: Snapshot) -> None:
    """Take a snapshot and what it changed out of the history."""
    sql.count("DELETE FROM balances_change WHERE snapshot_id = %s", [snapshot.pk])
    tamper("DELETE FROM balances_snapshot WHERE id = %s", snapshot.pk)


def reopen(run: Run) -> None:
    """Cut the chain of runs before its last one, as if that were open still."""
    sql.count(
        "DELETE FROM balances_run WHERE account_id = %s AND number = %s",
        [run.account_id, run.number],
    )
    Schedule.objects.filter(account=run.account_id).update(
        run_outcome=run.outcome,
        run_reason=run.reason,
        run_first=run.first_slot,
        run_last=run.last_slot,
        run_slots=run.slots,
        run_first_observed=run.first_observed,
        run_last_observed=run.last_observed,
        run_lateness_ms=run.lateness_ms,
        next_slot=run.span.upper,
    )


def make_consistent(account: Account) -> None:
    """Write holdings, sums, links, heads and the newest digest anew so that they fit the rest."""
    for holding in Holding.objects.filter(account=account):
        newest = Change.objects.filter(holding=holding).order_by("valid_from").last()
        if newest is None:
            Holding.objects.filter(pk=holding.pk).delete()
            continue
        names = ("total", "available", "pending_in", "pending_out", "scale", "flags")
        values = {name: getattr(newest, name) for name in names}
        Holding.objects.filter(pk=holding.pk).update(**values, changed_at=newest.valid_from)
    for organization in Organization.objects.all():
        rollups.rebuild(organization)
    snapshots, closed = _relink_snapshots(account), _relink_runs(account)
    Schedule.objects.filter(account=account).update(
        snapshot_count=snapshots.count,
        snapshot_chain=snapshots.digest,
        run_count=closed.count,
        run_chain=closed.digest,
        digest=Snapshot.objects.filter(account=account).latest("number").payload_id,
    )


def _relink_snapshots(account: Account) -> Head:
    head = Head()
    for row in Snapshot.objects.filter(account=account).order_by("observed_at"):
        changes = Change.objects.filter(snapshot=row).select_related("holding")
        facts = chain.SnapshotFacts(
            account=account.uid,
            number=head.count + 1,
            slot=row.slot,
            observed_at=row.observed_at,
            payload=bytes(row.payload_id),
            flags=row.flags,
            changes=[chain.Entry(c.holding.asset, _level(c), tuple(c.flags)) for c in changes],
        )
        head = head.link(chain.snapshot_text(facts))
        alter(row, "number = %s, chain = %s", head.count, head.digest)
    return head


def _level(c: Change) -> Level:
    return Level(
        int(c.total), int(c.available), int(c.pending_in), int(c.pending_out), int(c.scale)
    )


def _relink_runs(account: Account) -> Head:
    head = Head()
    for row in Run.objects.filter(account=account).order_by("first_slot"):
        run = PlainRun(
            row.outcome,
            row.reason,
            row.first_slot,
            row.last_slot,
            row.interval_seconds,
            row.slots,
            row.first_observed,
            row.last_observed,
            row.lateness_ms,
        )
        until = row.span.upper
        number = head.count + 1
        head = head.link(chain.run_text(account=account.uid, number=number, run=run, until=until))
        alter_run(row, "number = %s, chain = %s", head.count, head.digest)
    return head
