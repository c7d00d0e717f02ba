"""A varied history, and every way of tampering with it: how it is done, slot and field named."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Account, Tenure
from balances.evidence.verification import anchors
from balances.evidence.verification.verify import verify
from balances.ledger.partitions import make_months
from balances.lifecycle import ownership, pausing
from balances.models import Change, Holding, Run, Schedule, Snapshot
from balances.polling import claims, recording, refreshes
from balances.polling.results import Result
from tests.conftest import Cast
from tests.support.evidence.tampering import (
    alter,
    alter_body,
    alter_change,
    alter_run,
    delete_snapshot,
    rename_payload,
    renumber,
    swap_bodies,
    tamper,
)
from tests.support.history import StoppedClock, answer, at, coins, failed, keyless, seen

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class History:
    """Two accounts' history; the first one's is what gets tampered with."""

    account: Account
    other: Account
    clock: StoppedClock
    cast: Cast

    def snapshot(self, number: int) -> Snapshot:
        return Snapshot.objects.get(account=self.account, number=number)

    def change(self, number: int, asset: str) -> Change:
        return Change.objects.get(snapshot=self.snapshot(number), holding__asset=asset)

    def run(self, number: int) -> Run:
        return Run.objects.get(account=self.account, number=number)

    def holding(self, asset: str) -> Holding:
        return Holding.objects.get(account=self.account, asset=asset)

    @property
    def schedule(self) -> Schedule:
        return Schedule.objects.get(account=self.account)


def a_history(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> History:
    """Snapshots, refreshes, failures, missed slots, a pause, vanished and rescaled assets, turns.

    Of the first account, snapshots 1 to 8 were seen at 10:00, 10:10, 10:30, 10:32 (a refresh),
    11:00, 11:05, 11:10 and 11:15; closed runs begin at 10:00, 10:15, 10:20, 10:30, 10:35 and 11:00.
    """
    clock = StoppedClock(monkeypatch, at(10))
    account, other = keyless("Custody", at(10)), keyless("Trading", at(10))
    both = {"BTC": (150, 100, 50, 0, 100), "ETH": coins(25, 10)}
    seen(other, at(10), BTC=coins(1), SOL=coins(4))
    seen(account, at(10), BTC=coins(100), ETH=coins(25, 10))
    seen(account, at(10, 5), BTC=coins(100), ETH=coins(25, 10))
    seen(account, at(10, 10), **both)
    failed(other, at(10, 5))
    seen(other, at(10, 10), BTC=coins(2), SOL=coins(4))
    failed(account, at(10, 15))
    seen(account, at(10, 30), BTC=both["BTC"], ETH=coins(250, 100))
    _refreshed(account, clock, at(10, 32), BTC=coins(7))
    clock.now = at(10, 36)
    pausing.pause(account, by=cast.operator)
    clock.now = at(11)
    pausing.resume(account, by=cast.operator)
    seen(account, at(11), BTC=(5, 4, 0, 0, 100))
    seen(account, at(11, 5))
    seen(account, at(11, 10), BTC=coins(9))
    clock.now = at(11, 12)
    ownership.transfer(account, cast.other, by=cast.admin)
    seen(account, at(11, 15), BTC=coins(11))
    failed(account, at(11, 20))
    clock.now = at(11, 22)
    return History(account, other, clock, cast)


def _refreshed(account: Account, clock: StoppedClock, now: datetime, **assets: Any) -> None:
    clock.now = now
    refresh = refreshes.ask(account, by=None)
    claim = claims.claim_refresh(account.pk, refresh.pk, hold=60 * SECOND)
    assert claim is not None
    assert recording.record([Result(account.pk, claim.token, answer(**assets))])


def found(history: History, anchor: list[anchors.Heads] | None = None) -> list[tuple[str, str]]:
    """Return slot (as a time of day) and field of every finding, all of them the account's."""
    findings = verify(anchor).findings
    assert {f.account for f in findings} <= {str(history.account.uid), ""}
    return [((f.slot or "")[11:-1], f.field) for f in findings]


Case = tuple[Callable[[History], object], str, str]


def _set_change(setting: str, field: str) -> Case:
    """Change something of the bitcoins of 10:10."""
    return lambda h: alter_change(h.change(2, "BTC"), setting), "10:10:00", f"change BTC {field}"


def _set_snapshot(setting: str, field: str) -> Case:
    return lambda h: alter(h.snapshot(2), setting), "10:10:00", field


def _set_run(setting: str, field: str = "run chain") -> Case:
    """Change something of the run that failed at 10:15."""
    return lambda h: alter_run(h.run(2), setting), "10:15:00", field


def _sql(slot: str, field: str, statement: str) -> Case:
    return lambda _: tamper(statement), slot, field


def _to_another_month(h: History) -> None:
    later = at(12) + 60 * timedelta(days=1)
    make_months([later])
    alter_change(h.change(2, "BTC"), "valid_from = %s", later)


def _uncount_the_past(h: History) -> None:
    tenure = Tenure.objects.get(account=h.account, ended_at=at(11, 12))
    tamper("UPDATE accounts_tenure SET is_counted = false WHERE id = %s", tenure.pk)


def _add_change(h: History, snapshot: Snapshot) -> None:
    tamper(
        "INSERT INTO balances_change SELECT holding_id, %s, %s, total, available, pending_in,"
        " pending_out, scale, 0, 0, 0, 0 FROM balances_change WHERE holding_id = %s LIMIT 1",
        snapshot.observed_at,
        snapshot.pk,
        h.holding("ETH").pk,
    )


def _add_snapshot(h: History) -> None:
    tamper(
        "INSERT INTO balances_snapshot (account_id, slot, observed_at, payload_id, flags, number,"
        " chain) SELECT account_id, NULL, %s, payload_id, '{}', 9, chain FROM balances_snapshot"
        " WHERE id = %s",
        at(11, 21),
        h.snapshot(8).pk,
    )


def _add_run(h: History) -> None:
    tamper(
        "INSERT INTO balances_run (account_id, span, outcome, reason, first_slot, last_slot,"
        " interval_seconds, slots, number, chain)"
        " SELECT account_id, tstzrange(%s, %s), 'missed', 'unclaimed', %s, %s, 300, 1, 8, chain"
        " FROM balances_run WHERE account_id = %s AND number = 1",
        at(9, 55),
        at(10),
        at(9, 55),
        at(9, 55),
        h.account.pk,
    )


def _widen(h: History) -> None:
    """Let the pause begin later, as if a slot more had been missed before it."""
    alter_run(h.run(5), "span = tstzrange(lower(span), upper(span) + interval '1 second')")


def _as_failed(h: History) -> None:
    alter_run(
        h.run(4),
        "outcome = 'failed', reason = 'tls', first_observed = NULL, last_observed = NULL",
    )


def _drop(table: str, number: int) -> Callable[[History], None]:
    statement = f"DELETE FROM {table} WHERE account_id = %s AND number = %s"  # noqa: S608
    return lambda h: tamper(statement, h.account.pk, number)


def _swap_instants(h: History) -> None:
    one, other = h.snapshot(1), h.snapshot(2)
    alter(one, "observed_at = %s", at(3))
    alter(other, "observed_at = %s", one.observed_at)
    alter(one, "observed_at = %s", other.observed_at)


def _drop_schedule(h: History) -> None:
    tamper("DELETE FROM balances_schedule WHERE account_id = %s", h.account.pk)


SUM = "balances_rollup_hour organization {} production BTC total"
HOUR = "FROM balances_rollup_hour WHERE asset = 'BTC' AND at = '2026-03-02 10:00Z'"


def _set_sum(setting: str) -> Case:
    """Change the fund's sum of bitcoins of 10 to 11 o'clock."""
    return _sql(
        "10:00:00", SUM, HOUR.replace("FROM", "UPDATE").replace("WHERE", f"SET {setting} WHERE")
    )


CASES: dict[str, Case] = {
    "a total": _set_change("total = total + 1", "total"),
    "an available": _set_change("available = available + 1", "available"),
    "a pending in": _set_change("pending_in = 0", "pending_in"),
    "a pending out": _set_change("pending_out = 10^77", "pending_out"),
    "a scale": _set_change("scale = 1000", "scale"),
    "a delta": _set_change("delta_total = delta_total + 1e-30", "delta_total"),
    "a delta of what is pending": _set_change("delta_pending_out = 1", "delta_pending_out"),
    "a flag put": _set_change("flags = ARRAY['identity']", "flags"),
    "a flag taken": (
        lambda h: alter_change(h.change(4, "ETH"), "flags = '{}'"), "10:32:00", "change ETH flags",
    ),
    "a time": _set_change("valid_from = valid_from - interval '1 us'", "valid_from"),
    "a time, into another month": (_to_another_month, "12:00:00", "change BTC"),
    "a time, of the newest": (
        lambda h: alter_change(h.change(8, "BTC"), "valid_from = %s", at(11, 16)),
        "11:15:00", "changed assets",
    ),
    "a change taken": (
        lambda h: tamper("DELETE FROM balances_change WHERE delta_available = 0 AND scale = 100"
        " AND holding_id = %s", h.holding("BTC").pk), "10:10:00", "changed assets",
    ),
    "a change put": (lambda h: _add_change(h, h.snapshot(8)), "11:15:00", "changed assets"),
    "a change of another's snapshot": (
        lambda h: _add_change(h, Snapshot.objects.filter(account=h.other).latest("number")),
        "10:10:00", "change ETH",
    ),
    "an answer": (
        lambda h: alter_body(h.snapshot(2), b'{"assets":{}}'), "10:10:00", "payload",
    ),
    "an answer by a space": (
        lambda h: alter_body(h.snapshot(6), b'{"assets": {} }'), "11:05:00", "payload",
    ),
    "an answer that is none": (
        lambda h: alter_body(h.snapshot(2), b"<html>"), "10:10:00", "payload",
    ),
    "an answer cut": (
        lambda h: tamper(
            "UPDATE balances_payload SET body = substr(body, 1, length(body) - 5)"
            " WHERE digest = %s", bytes(h.snapshot(2).payload_id),
        ), "10:10:00", "payload",
    ),
    "an answer's size": (
        lambda h: tamper(
            "UPDATE balances_payload SET size = size + 1 WHERE digest = %s",
            bytes(h.snapshot(2).payload_id),
        ), "10:10:00", "payload size",
    ),
    "two answers": (
        lambda h: swap_bodies(h.snapshot(2), h.snapshot(5)), "11:00:00", "payload",
    ),
    "a digest": (lambda h: rename_payload(h.snapshot(2), bytes(32)), "10:10:00", "payload"),
    "another's answer": (
        lambda h: alter(h.snapshot(2), "payload_id = %s", bytes(h.snapshot(5).payload_id)),
        "10:10:00", "chain",
    ),
    "a snapshot taken": (lambda h: delete_snapshot(h.snapshot(2)), "10:30:00", "number"),
    "the first snapshot taken": (lambda h: delete_snapshot(h.snapshot(1)), "10:10:00", "number"),
    "the last snapshot taken": (
        lambda h: delete_snapshot(h.snapshot(8)), "", "snapshot head count",
    ),
    "a snapshot put": (_add_snapshot, "11:21:00", "chain"),
    "two snapshots reordered": (
        lambda h: renumber(h.snapshot(2), h.snapshot(3)), "10:10:00", "observed_at",
    ),
    "two instants swapped": (_swap_instants, "10:10:00", "observed_at"),
    "a number": _set_snapshot("number = 100", "number"),
    "a slot": (lambda h: alter(h.snapshot(2), "slot = %s", at(10, 5)), "10:05:00", "chain"),
    "a slot taken": (
        lambda h: alter(h.snapshot(2), "slot = NULL"), "10:10:00", "refresh of the snapshot",
    ),
    "an instant": _set_snapshot("observed_at = observed_at + interval '1 us'", "chain"),
    "an instant, years ahead": _set_snapshot("observed_at = '2100-01-01Z'", "chain"),
    "a snapshot's flags": _set_snapshot("flags = ARRAY['emptied']", "flags"),
    "a link": _set_snapshot("chain = sha256('x')", "chain"),
    "a snapshot given away": (
        lambda h: alter(h.snapshot(4), "slot = %s", at(10, 20)), "10:20:00", "run of the snapshot",
    ),
    "a run taken": (_drop("balances_run", 3), "10:30:00", "run number"),
    "the first run taken": (_drop("balances_run", 1), "10:15:00", "run number"),
    "the last run taken": (_drop("balances_run", 6), "", "run head count"),
    "a run put": (_add_run, "09:55:00", "run begins"),
    "a run widened": (_widen, "10:35:00", "run chain"),
    "a run made a failure": (_as_failed, "10:30:00", "run of the snapshot"),
    "a reason": _set_run("reason = 'tls'"),
    "a failure made a miss": _set_run("outcome = 'missed'"),
    "a lateness": _set_run("lateness_ms = 1"),
    "an observation": (
        lambda h: alter_run(h.run(1), "last_observed = last_observed + interval '1 us'"),
        "10:00:00", "run chain",
    ),
    "a run's number": _set_run("number = 77", "run number"),
    "a run's link": _set_run("chain = sha256('x')"),
    "a pause taken": (
        lambda h: tamper("DELETE FROM balances_pause WHERE account_id = %s", h.account.pk),
        "11:00:00", "run begins",
    ),
    "a head's count": (
        lambda h: alter(h.schedule, "snapshot_count = 7"), "", "snapshot head count",
    ),
    "a head": (lambda h: alter(h.schedule, "run_chain = sha256('x')"), "", "run head digest"),
    "the schedule": (_drop_schedule, "", "run head count"),
    "a holding": (lambda h: alter(h.holding("BTC"), "total = 12"), "", "holding BTC total"),
    "a holding's scale": (lambda h: alter(h.holding("ETH"), "scale = 10"), "", "holding ETH scale"),
    "a holding's flags": (
        lambda h: alter(h.holding("ETH"), "flags = '{}'"), "", "holding ETH flags",
    ),
    "a holding's time": (
        lambda h: alter(h.holding("BTC"), "changed_at = now()"), "", "holding BTC changed_at",
    ),
    "a holding's name": (lambda h: alter(h.holding("BTC"), "asset = 'XTC'"), "", "held assets"),
    "a holding put": (
        lambda h: tamper(
            "INSERT INTO balances_holding (account_id, asset, total, available, pending_in,"
            " pending_out, scale, flags, changed_at) VALUES (%s, 'SOL', 1, 1, 0, 0, 1, '{}', %s)",
            h.account.pk, at(10),
        ), "", "held assets",
    ),
    "a sum": _set_sum("total = 0"),
    "a sum by 10^-30": _set_sum("total = total + 1e-30"),
    "a sum taken": _sql("10:00:00", SUM, f"DELETE {HOUR}"),
    "a sum put": _sql(
        "09:00:00", SUM,
        "INSERT INTO balances_rollup_hour SELECT organization_id, owner_id, environment, asset,"
        " at - interval '1 hour', 1, 0, 0, 0 " + HOUR,
    ),
    "a sum of a day": _sql(
        "00:00:00", SUM.replace("hour", "day"),
        "UPDATE balances_rollup_day SET total = total + 1 WHERE asset = 'BTC' AND total > 0"
        " AND organization_id = (SELECT id FROM accounts_organization WHERE name = 'Fund')",
    ),
    "an owner in the past": (_uncount_the_past, "10:00:00", SUM),
}  # fmt: skip
