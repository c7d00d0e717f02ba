"""Anchors: what only they show, how they are made, and what the commands say and refuse."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import Account
from balances.core.instants import iso
from balances.evidence.verification import anchors
from balances.evidence.verification.verify import verify
from balances.lifecycle import ownership
from balances.tasks import export_heads
from qredo_dash import settings as project
from tests.conftest import Cast
from tests.support.evidence.tampered import History, a_history, found
from tests.support.evidence.tampering import (
    alter,
    alter_body,
    alter_change,
    delete_snapshot,
    make_consistent,
    rename_payload,
    reopen,
    tamper,
    undone,
)
from tests.support.history import answer, at, coins, keyless, seen


@pytest.fixture
def history(cast: Cast, monkeypatch: pytest.MonkeyPatch, as_owner: None) -> History:  # noqa: ARG001
    return a_history(cast, monkeypatch)


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
    reopen(history.run(6))
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
    still_unseen = _said(capsys, anchor=path)[0]["unseen"]
    assert "anchor" not in still_unseen
    assert "refreshes that changed nothing" in still_unseen
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
    (first,) = settings.ANCHOR_DIR.glob("heads-*")
    written = first.read_bytes()
    seen(history.account, at(11, 25), BTC=coins(12))
    history.clock.now = at(23, 59, 59)
    export_heads()
    assert [p.name for p in settings.ANCHOR_DIR.glob("heads-*")] == ["heads-20260302.jsonl"]
    assert first.read_bytes() == written
    history.clock.now = at(0, day=3)
    export_heads()
    assert len(list(settings.ANCHOR_DIR.glob("heads-*"))) == 2
    assert verify(anchors.read(first)).ok


def test_beat_exports_the_heads() -> None:
    assert project.CELERY_BEAT_SCHEDULE["heads"]["task"] == export_heads.name
    assert project.ANCHOR_DIR == project.DATA_DIR / "anchors"
