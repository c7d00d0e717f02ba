"""Reading and writing schedules in bulk: the one place that knows their columns.

Every function runs inside the caller's transaction; rows stay locked from `lock` to its end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.chain.hash_chain import Head
from balances.core import sql
from balances.ledger.chain import run_text
from balances.ledger.runs import Run, booked

#: Column, type in SQL. The order is that of `Entry.row`.
_WRITTEN = (
    ("account_id", "bigint"),
    ("interval_seconds", "integer"),
    ("next_slot", "timestamptz"),
    ("claim_token", "uuid"),
    ("claim_slot", "timestamptz"),
    ("claim_refresh", "bigint"),
    ("claimed_at", "timestamptz"),
    ("claim_until", "timestamptz"),
    ("attempts", "integer"),
    ("tried_reason", "text"),
    ("not_before", "timestamptz"),
    ("base_interval_seconds", "integer"),
    ("own_interval_seconds", "integer"),
    ("run_outcome", "text"),
    ("run_reason", "text"),
    ("run_first", "timestamptz"),
    ("run_last", "timestamptz"),
    ("run_slots", "integer"),
    ("run_first_observed", "timestamptz"),
    ("run_last_observed", "timestamptz"),
    ("run_lateness_ms", "integer"),
    ("last_attempt_at", "timestamptz"),
    ("last_reason", "text"),
    ("last_detail", "text"),
    ("failing_since", "timestamptz"),
    ("told_reasons", "text"),
    ("observed_at", "timestamptz"),
    ("digest", "bytea"),
    ("snapshot_count", "integer"),
    ("snapshot_chain", "bytea"),
    ("run_count", "integer"),
    ("run_chain", "bytea"),
)
_NAMES = ", ".join(name for name, _ in _WRITTEN)
_SELECT = f"SELECT {_NAMES} FROM balances_schedule"  # noqa: S608 - fixed names
_UPDATE = (
    "UPDATE balances_schedule AS s SET "  # noqa: S608 - fixed names
    + ", ".join(f"{name} = n.{name}" for name, _ in _WRITTEN[1:])
    + " FROM unnest("
    + ", ".join(f"%s::{kind}[]" for _, kind in _WRITTEN)
    + f") AS n({_NAMES}) WHERE s.account_id = n.account_id"
)


@dataclass(slots=True)
class Entry:
    """One locked schedule: what it says now, and what is going to be written of it."""

    account_id: int
    interval_seconds: int
    next_slot: datetime | None
    claim_token: UUID | None
    claim_slot: datetime | None
    claim_refresh: int | None
    claimed_at: datetime | None
    claim_until: datetime | None
    attempts: int
    tried_reason: str
    not_before: datetime | None
    base_interval_seconds: int | None
    own_interval_seconds: int | None
    run: Run | None
    last_attempt_at: datetime | None
    last_reason: str
    last_detail: str
    failing_since: datetime | None
    told_reasons: str
    observed_at: datetime | None
    digest: bytes | None
    snapshots: Head
    runs: Head
    closed: list[tuple[Run, datetime]] = field(default_factory=list)

    @property
    def interval(self) -> timedelta:
        """The time from one slot to the next."""
        return timedelta(seconds=self.interval_seconds)

    def book(self, booking: Run) -> None:
        """Enter one slot or several into the account's runs."""
        self.run, closed = booked(self.run, booking)
        self.closed += closed
        self.attempts, self.tried_reason = 0, ""

    def book_missed(self, first: datetime, slots: int, reason: str) -> None:
        """Enter `slots` slots from `first` on that nobody finished.

        If the first of them was tried and waited for another attempt, it failed for that reason.
        """
        if slots and self.attempts:
            tried = Run("failed", self.tried_reason, first, first, self.interval_seconds, 1)
            self.book(tried)
            first, slots = tried.until, slots - 1
        if slots:
            last = first + self.interval * (slots - 1)
            self.book(Run("missed", reason, first, last, self.interval_seconds, slots))

    def miss_claim(self, reason: str) -> None:
        """End an open claim without a result: its slot is missed, an answer comes too late."""
        if self.claim_slot is not None:
            self.book_missed(self.claim_slot, 1, reason)
        self.release()

    def release(self) -> None:
        """Give the claim back."""
        self.claim_token = self.claim_slot = self.claim_refresh = None
        self.claimed_at = self.claim_until = None

    def close_run(self, until: datetime) -> None:
        """Close the open run at `until` at the latest, because the grid of slots ends there."""
        if self.run is not None:
            self.closed.append((self.run, min(self.run.until, until)))
            self.run = None

    def row(self) -> tuple[object, ...]:
        """Return what is written, in the order of the columns."""
        run = self.run or Run("", "", None, None, self.interval_seconds, 0)  # type: ignore[arg-type]
        return (
            self.account_id, self.interval_seconds, self.next_slot,
            self.claim_token, self.claim_slot, self.claim_refresh, self.claimed_at,
            self.claim_until,
            self.attempts, self.tried_reason, self.not_before, self.base_interval_seconds,
            self.own_interval_seconds,
            run.outcome, run.reason, run.first, run.last, run.slots,
            run.first_observed, run.last_observed, run.lateness_ms,
            self.last_attempt_at, self.last_reason, self.last_detail, self.failing_since,
            self.told_reasons, self.observed_at, self.digest,
            self.snapshots.count, self.snapshots.digest, self.runs.count, self.runs.digest,
        )  # fmt: skip


def lock(account_ids: Sequence[int]) -> dict[int, Entry]:
    """Lock schedules, in the order of their ids so that two writers never wait in a circle."""
    statement = f"{_SELECT} WHERE account_id = ANY(%s) ORDER BY account_id FOR UPDATE"
    return {row[0]: _entry(row) for row in sql.rows(statement, [list(account_ids)])}


def save(entries: Iterable[Entry]) -> None:
    """Write schedules back, and the runs that closed."""
    written = list(entries)
    if not written:
        return
    if closed := _closed_rows([entry for entry in written if entry.closed]):
        sql.count(_INSERT_RUN, _columns(closed))
    sql.count(_UPDATE, _columns([entry.row() for entry in written]))


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def clock() -> datetime:
    """Return PostgreSQL's time now: the one clock that history is written by."""
    now: datetime = sql.rows("SELECT clock_timestamp()")[0][0]
    return now


def clock_and(statement: str, values: sql.Values = ()) -> tuple[datetime, tuple[Any, ...]]:
    """Return the same with the one row of a statement, asked for together."""
    ((now, *row),) = sql.rows(
        f"SELECT clock_timestamp(), told.* FROM ({statement}) AS told",  # noqa: S608 - ours
        values,
    )
    return now, tuple(row)


# One statement however many they are: after a long time off, thousands close at once.
_INSERT_RUN = """
INSERT INTO balances_run (account_id, span, outcome, reason, first_slot, last_slot,
    interval_seconds, slots, first_observed, last_observed, lateness_ms, number, chain)
SELECT account_id, tstzrange(first_slot, until), outcome, reason, first_slot, last_slot,
    interval_seconds, slots, first_observed, last_observed, lateness_ms, number, chain
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::timestamptz[],
    %s::timestamptz[], %s::integer[], %s::integer[], %s::timestamptz[], %s::timestamptz[],
    %s::integer[], %s::integer[], %s::bytea[])
    AS n(account_id, until, outcome, reason, first_slot, last_slot, interval_seconds, slots,
        first_observed, last_observed, lateness_ms, number, chain)
"""


def _closed_rows(entries: Sequence[Entry]) -> list[tuple[object, ...]]:
    """Link closed runs to their accounts' chains; return their rows."""
    if not entries:
        return []
    uids = uids_of([entry.account_id for entry in entries])
    rows = []
    for entry in entries:
        for run, until in entry.closed:
            number = entry.runs.count + 1
            text = run_text(account=uids[entry.account_id], number=number, run=run, until=until)
            entry.runs = entry.runs.link(text)
            rows.append(_closed_row(entry, run, until))
        entry.closed.clear()
    return rows


def uids_of(account_ids: Sequence[int]) -> dict[int, UUID]:
    """Return the uids that stand for accounts in canonical texts."""
    found = sql.rows("SELECT id, uid FROM accounts_account WHERE id = ANY(%s)", [list(account_ids)])
    return dict(found)


def owned_since(account_ids: Sequence[int]) -> dict[int, datetime]:
    """Return since when today's tenures have lasted; ask with the accounts' schedules locked."""
    return dict(
        sql.rows(
            "SELECT account_id, began_at FROM accounts_tenure"
            " WHERE ended_at IS NULL AND account_id = ANY(%s)",
            [list(account_ids)],
        )
    )


def _closed_row(entry: Entry, run: Run, until: datetime) -> tuple[object, ...]:
    return (
        entry.account_id, until, run.outcome, run.reason, run.first, run.last,
        run.interval_seconds, run.slots, run.first_observed, run.last_observed, run.lateness_ms,
        entry.runs.count, entry.runs.digest,
    )  # fmt: skip


def _entry(row: tuple[Any, ...]) -> Entry:
    (account_id, interval, next_slot, token, slot, refresh, since, until, attempts, tried_reason,
     not_before, base_interval, own_interval, outcome, reason, first, last, slots, first_observed,
     last_observed, lateness, attempt, last_reason, detail, failing, told, observed, digest,
     snapshots, snapshot_chain, runs, run_chain) = row  # fmt: skip
    run = None
    if slots:
        run = Run(
            outcome, reason, first, last, interval, slots, first_observed, last_observed, lateness
        )
    return Entry(
        account_id, interval, next_slot, token, slot, refresh, since, until, attempts,
        tried_reason, not_before, base_interval, own_interval, run, attempt, last_reason, detail,
        failing, told, observed, None if digest is None else bytes(digest),
        Head(snapshots, bytes(snapshot_chain)), Head(runs, bytes(run_chain)),
    )  # fmt: skip
