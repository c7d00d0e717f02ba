"""Writing a seed: in one transaction, so that it is there as a whole or not at all."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from accounts.audit.recording import together
from balances.core import sql
from balances.demo.seed import owners as seed_owners
from balances.demo.seed.account_history import Member
from balances.demo.seed.copy_text import TABLES, Texts
from balances.demo.seed.plan import Plan
from balances.demo.seed.workers import Batch, End, Share, producing
from balances.ledger import partitions, rollups
from balances.models import Pause, Schedule

#: More processes than these make rows faster than one connection takes them.
_MOST_PROCESSES = 4


@dataclass(slots=True)
class Written:
    """How many rows of history there are."""

    snapshots: int = 0
    changes: int = 0
    runs: int = 0


Progress = Callable[[Batch, Written], None]


def seed(plan: Plan, progress: Progress) -> Written:
    """Write a seed. Raise `BadPlanError`; then nothing is kept."""
    with together():
        sql.take_time()
        # Whoever makes rows may keep us waiting.
        sql.count("SET LOCAL idle_in_transaction_session_timeout = 0")
        owners = seed_owners.make_owners(plan)
        members = seed_owners.make_accounts(plan, owners)
        written = _history(plan, members, progress)
        _analyse()
        for owner in owners.owners:
            rollups.fill(owner)
    _analyse()
    return written


def _analyse() -> None:
    """Let the planner know of tables that were filled so fast."""
    sql.rows("SELECT balances_analyse()")


def make_months(plan: Plan) -> None:
    """Make the partitions first, by themselves: whoever makes one keeps readers waiting."""
    step = timedelta(days=28)  # no month is shorter, so none is stepped over
    steps = (plan.until - plan.begins) // step + 1
    partitions.make_months([*(plan.begins + step * number for number in range(steps)), plan.until])


def _history(plan: Plan, members: Sequence[Member], progress: Progress) -> Written:
    written = Written()
    # Each statement checks what it refers to; else a list of all rows would be kept until the end.
    sql.count("SET CONSTRAINTS ALL IMMEDIATE")
    with producing(_shares(plan, members)) as batches:
        for batch in batches:
            _copy(batch.rows)
            _end(plan, batch.ends)
            written.snapshots += batch.snapshots
            written.changes += batch.changes
            written.runs += batch.runs
            progress(batch, written)
    return written


def _shares(plan: Plan, members: Sequence[Member]) -> list[Share]:
    processes = min(len(os.sched_getaffinity(0)), _MOST_PROCESSES, len(members))
    parts = [members[number::processes] for number in range(processes)]
    return [Share(plan, part, seed_owners.snapshot_ids(plan, len(part))) for part in parts]


def _copy(rows: Texts) -> None:
    # COPY is the driver's own: its errors become Django's, as those of every statement are.
    with connection.wrap_database_errors, connection.cursor() as cursor:
        for (table, columns), text in zip(TABLES, rows, strict=True):
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                copy.write(text)


_HELD = """
UPDATE balances_holding h SET total = n.total, available = n.available,
    pending_in = n.pending_in, pending_out = n.pending_out, changed_at = n.changed_at
FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[],
    %s::timestamptz[]) AS n(id, total, available, pending_in, pending_out, changed_at)
WHERE h.id = n.id
"""


def _end(plan: Plan, ends: Iterable[End]) -> None:
    """Say how accounts stand: they hold what was seen last, and from then on have no key."""
    for end in ends:
        rows = [(number, *amounts, at) for number, (amounts, at) in end.held.items()]
        sql.count(_HELD, [list(column) for column in zip(*rows, strict=True)])
    Schedule.objects.bulk_create([_schedule(plan, end) for end in ends])
    Pause.objects.bulk_create(
        [Pause(account_id=e.account_id, kind="keyless", began_at=plan.until) for e in ends]
    )


def _schedule(plan: Plan, end: End) -> Schedule:
    return Schedule(
        account_id=end.account_id,
        interval_seconds=plan.interval_seconds,
        last_attempt_at=end.observed_at,
        observed_at=end.observed_at,
        digest=end.digest,
        snapshot_count=end.snapshots.count,
        snapshot_chain=end.snapshots.digest,
        run_count=end.runs.count,
        run_chain=end.runs.digest,
    )
