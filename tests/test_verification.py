"""Whatever somebody does to the history behind the application's back is found and named."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import Account, Organization, Tenure
from balances import claims, ownership, recording, refreshing, scheduling, sql
from balances.holdings import make_months
from balances.instants import iso
from balances.models import Change, Holding, Pause, Run, Schedule, Snapshot
from balances.results import Result
from balances.tasks import export_heads
from balances.verification import anchors, snapshots
from balances.verification.whole import verify
from qredo_dash import settings as project
from tests.conftest import Cast
from tests.history import StoppedClock, answer, at, coins, failed, keyless, seen
from tests.tampering import (
    alter,
    alter_body,
    alter_change,
    alter_run,
    delete_snapshot,
    make_consistent,
    rename_payload,
    renumber,
    swap_bodies,
    tamper,
    undone,
)

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


@pytest.fixture
def history(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> History:
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
    scheduling.pause(account, by=cast.operator)
    clock.now = at(11)
    scheduling.resume(account, by=cast.operator)
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
    refresh = refreshing.ask(account, by=None)
    claim = claims.claim_refresh(account.pk, refresh.pk, hold=60 * SECOND)
    assert claim is not None
    assert recording.record([Result(account.pk, claim.token, answer(**assets))])


def found(history: History, anchor: list[anchors.Heads] | None = None) -> list[tuple[str, str]]:
    """Return slot (as a time of day) and field of every finding, all of them the account's."""
    findings = verify(anchor).findings
    assert {f.account for f in findings} <= {str(history.account.uid), ""}
    return [((f.slot or "")[11:-1], f.field) for f in findings]


def test_a_varied_history_verifies(history: History) -> None:
    report = verify()
    assert report.findings == []
    assert (report.snapshots, report.runs) == (10, 8)
    flags = {c.holding.asset: c.flags for c in Change.objects.filter(snapshot=history.snapshot(3))}
    assert flags == {"ETH": ["scale_changed"]}
    assert history.change(4, "ETH").flags == ["vanished"]
    assert history.change(5, "BTC").flags == ["identity"]
    assert history.snapshot(6).flags == ["emptied"]


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


def test_everything_that_is_tampered_with_is_found_and_named(history: History) -> None:
    fund = Organization.objects.get(name="Fund").pk
    missed = {}
    for name, (act, slot, field) in CASES.items():
        with undone():
            act(history)
            findings = found(history)
            if (slot, field.format(fund)) not in findings:
                missed[name] = findings
    assert missed == {}
    assert verify().ok


def test_it_is_found_in_every_chunk_too(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "CHUNK", 1)
    test_everything_that_is_tampered_with_is_found_and_named(history)


def test_a_finding_says_what_ought_to_be_there(history: History) -> None:
    with undone():
        alter_change(history.change(2, "BTC"), "total = 151")
        first = verify().findings[0]
    assert first.as_dict() == {
        "account": str(history.account.uid),
        "slot": "2026-03-02T10:10:00Z",
        "field": "change BTC total",
        "expected": "150",
        "found": "151",
    }


def test_one_changed_row_breaks_one_link(history: History) -> None:
    alter_change(history.change(2, "BTC"), "total = 151")
    alter_run(history.run(2), "lateness_ms = 1")
    assert found(history) == [
        ("10:10:00", "change BTC total"),
        ("10:10:00", "chain"),
        ("10:15:00", "run chain"),
    ]


def test_a_pause_that_ended_as_it_began_is_passed_over(history: History) -> None:
    for began in (at(10, 36), at(11)):
        Pause.objects.create(account=history.account, kind="paused", began_at=began, ended_at=began)
    assert found(history) == []


def test_it_stops_after_a_hundred_findings(history: History) -> None:
    sql.count("UPDATE balances_snapshot SET chain = sha256('x')")
    assert len(verify(most=3).findings) == 3
    assert history.account.pk


def _heads(tmp_path: Path) -> list[anchors.Heads]:
    anchors.export(tmp_path / "heads.jsonl")
    return anchors.read(tmp_path / "heads.jsonl")


def test_a_tail_that_is_cut_off_cleanly_is_seen_against_an_anchor_only(
    history: History, tmp_path: Path
) -> None:
    anchor = _heads(tmp_path)
    with undone():
        delete_snapshot(history.snapshot(8))
        make_consistent(history.account)
        assert found(history) == []
        assert found(history, anchor) == [("", "anchor snapshot 8")]
    last = history.run(6)
    _drop("balances_run", 6)(history)
    alter(history.schedule, "run_first = %s, run_outcome = 'fresh'", last.first_slot)
    make_consistent(history.account)
    assert found(history) == []
    assert found(history, anchor) == [("", "anchor run 6")]


def test_a_history_recomputed_as_a_whole_is_seen_against_an_anchor_only(
    history: History, tmp_path: Path
) -> None:
    anchor = _heads(tmp_path)
    body = answer(BTC=coins(1_100)).body
    last = history.snapshot(8)
    alter_body(last, body)
    rename_payload(last, hashlib.sha256(body).digest())
    amounts = "total = 1100, available = 1100, delta_total = 10.91, delta_available = 10.91"
    alter_change(history.change(8, "BTC"), amounts)
    make_consistent(history.account)
    assert found(history) == []
    assert found(history, anchor) == [("", "anchor snapshot 8")]


def test_an_account_that_is_gone_is_seen_against_an_anchor_only(
    history: History, tmp_path: Path
) -> None:
    anchor = _heads(tmp_path)
    tamper("UPDATE accounts_account SET uid = gen_random_uuid() WHERE id = %s", history.account.pk)
    make_consistent(Account.objects.get(pk=history.account.pk))
    assert verify().ok
    assert found(history, anchor) == [("", "anchor account")]


def test_an_anchor_of_yesterday_still_verifies(history: History, tmp_path: Path) -> None:
    anchor = _heads(tmp_path)
    seen(history.account, at(11, 25), BTC=coins(12))
    seen(history.account, at(9, day=3), BTC=coins(13))
    history.clock.now = at(9, 5, day=3)
    ownership.transfer(history.account, history.cast.owner, by=None)
    assert keyless("New", at(9, day=3)).pk
    assert verify(anchor).findings == []


def test_an_anchor_of_an_account_without_history_holds(cast: Cast, tmp_path: Path) -> None:
    assert keyless("New", at(10)).organization == cast.fund
    anchor = _heads(tmp_path)
    assert [(h.snapshots, h.snapshot_chain) for h in anchor] == [(0, "00" * 32)]
    assert verify(anchor).ok


def _said(capsys: pytest.CaptureFixture[str], **options: Any) -> Any:
    """Run the command; return its JSON and its exit code."""
    code = 0
    try:
        call_command("verify_history", json=True, **options)
    except CommandError as error:
        code = error.returncode
    text = capsys.readouterr().out
    return (json.loads(text) if text else None), code


def test_the_command_says_what_it_found(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "heads.jsonl"
    call_command("export_heads", str(path))
    assert json.loads(capsys.readouterr().out) == {"file": str(path), "accounts": 2}
    told, code = _said(capsys)
    assert (code, list(told)) == (0, ["ok", "snapshots", "runs", "first_bad", "unseen"])
    assert (told["ok"], told["snapshots"], told["first_bad"]) == (True, 10, None)
    assert "anchor" in told["unseen"]
    assert _said(capsys, anchor=path)[0]["unseen"] is None
    alter(history.snapshot(2), "chain = sha256('x')")
    told, code = _said(capsys, anchor=path)
    assert (code, told["ok"], told["first_bad"]["slot"]) == (1, False, iso(at(10, 10)))
    assert list(told["first_bad"]) == ["account", "slot", "field", "expected", "found"]


def test_the_command_without_json_names_everything(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    alter(history.snapshot(2), "number = 100")
    with pytest.raises(CommandError, match="findings"):
        call_command("verify_history")
    out = capsys.readouterr().out
    assert f"{history.account.uid} at 2026-03-02T10:10:00Z: number is 100, expected" in out
    assert out.splitlines()[-2].endswith("not ok.")
    assert "Without an anchor" in out


HEADER = '{"format": "qredo-dash heads 1", "at": "2026-03-02T10:00:00Z", "accounts": 1}\n'
LINE = {
    "account": "00000000-0000-4000-8000-000000000000",
    "snapshots": 1,
    "snapshot_chain": "ab" * 32,
    "runs": 0,
    "run_chain": "00" * 32,
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "null\n",
        "[]\n",
        "{}\n",
        "not JSON\n",
        '{"format": "qredo-dash heads 2", "accounts": 0}\n',
        HEADER,
        HEADER + json.dumps(LINE) + "\n" + json.dumps(LINE) + "\n",
        HEADER + json.dumps(LINE)[:-9],
        HEADER + "null\n",
        HEADER + json.dumps({**LINE, "account": 7}),
        HEADER + json.dumps({**LINE, "account": "x' OR 1"}),
        HEADER + json.dumps({**LINE, "snapshots": "1"}),
        HEADER + json.dumps({**LINE, "runs": True}),
        HEADER + json.dumps({**LINE, "runs": 1.5}),
        HEADER + json.dumps({**LINE, "run_chain": "AB" * 32}),
        HEADER + json.dumps({**LINE, "run_chain": None}),
        HEADER + json.dumps({**LINE, "more": 1}),
        HEADER + json.dumps({k: v for k, v in LINE.items() if k != "runs"}),
        HEADER + json.dumps(LINE) + "\nxyz\n",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_anchor_is_a_usage_error(
    db: None,  # noqa: ARG001
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str | bytes,
) -> None:
    path = tmp_path / "anchor"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert _said(capsys, anchor=path) == (None, 2)


def test_an_anchor_that_is_missing_is_a_usage_error_and_a_stranger_s_is_not_ok(
    db: None,  # noqa: ARG001
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _said(capsys, anchor=tmp_path / "missing") == (None, 2)
    assert _said(capsys, anchor=tmp_path) == (None, 2)
    path = tmp_path / "another installation's"
    path.write_text(HEADER + json.dumps(LINE), encoding="utf-8")
    told, code = _said(capsys, anchor=path)
    assert (code, told["first_bad"]["found"]) == (1, "gone")


def test_an_export_overwrites_nothing_and_leaves_no_half_of_a_file(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "heads"
    path.write_text("kept", encoding="utf-8")
    for where in (path, tmp_path / "missing" / "heads"):
        with pytest.raises(CommandError, match="cannot be written"):
            call_command("export_heads", str(where))
    assert path.read_text(encoding="utf-8") == "kept"

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError, match="No space left"):
        call_command("export_heads", str(tmp_path / "new"))
    assert [p.name for p in tmp_path.iterdir()] == ["heads"]
    assert history.account.pk


def test_the_heads_are_exported_once_a_day(history: History, tmp_path: Path, settings: Any) -> None:
    settings.ANCHOR_DIR = tmp_path / "anchors"
    export_heads()
    (first,) = settings.ANCHOR_DIR.iterdir()
    written = first.read_bytes()
    seen(history.account, at(11, 25), BTC=coins(12))
    history.clock.now = at(23, 59, 59)
    export_heads()
    assert [p.name for p in settings.ANCHOR_DIR.iterdir()] == ["heads-20260302.jsonl"]
    assert first.read_bytes() == written
    history.clock.now = at(0, day=3)
    export_heads()
    assert len(list(settings.ANCHOR_DIR.iterdir())) == 2
    assert verify(anchors.read(first)).ok


def test_beat_exports_the_heads() -> None:
    assert project.CELERY_BEAT_SCHEDULE["heads"]["task"] == export_heads.name
    assert project.ANCHOR_DIR == project.DATA_DIR / "anchors"
