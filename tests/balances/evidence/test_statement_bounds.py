"""Statements of big installations, of long paths, and of anchors that are not there."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from balances.evidence.statements import json_file, lines, plans
from balances.evidence.statements.request import Asked
from balances.evidence.verification import anchors
from balances.portfolio.filters import Narrowing
from balances.portfolio.scope import Scope
from tests.conftest import Cast
from tests.support.evidence.statements import Told, account, found, notes, statement, verifier
from tests.support.history import StoppedClock, at, coins, keyless, seen


def made(cast: Cast, clock: StoppedClock) -> Told:
    return statement(cast.viewer, at(11), clock.now)


def queries(cast: Cast, clock: StoppedClock) -> int:
    asked = Asked(Scope(cast.viewer, Narrowing()), at(11), cast.viewer, clock.now)
    with CaptureQueriesContext(connection) as captured:
        json_file.write(asked, io.StringIO())
    return len(captured)


def test_more_accounts_are_no_more_queries(cast: Cast, clock: StoppedClock) -> None:
    seen(keyless("First", at(10)), at(10), BTC=coins(100))
    clock.now = at(12)
    few = queries(cast, clock)
    for number in range(20):
        seen(keyless(f"Vault {number}", at(10)), at(10), BTC=coins(number), ETH=coins(1))
    assert queries(cast, clock) == few
    assert len(made(cast, clock)["accounts"]) == 21


def test_it_is_the_same_in_however_small_portions(
    cast: Cast, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        vault = keyless(f"Vault {number}", at(10))
        for minute in (0, 5, 10):
            seen(vault, at(10, minute), BTC=coins(100 * number + minute + 1))
    clock.now = at(12)
    whole = made(cast, clock)
    monkeypatch.setattr(plans, "AT_ONCE", 1)
    monkeypatch.setattr(lines, "CHUNK", 2)
    assert made(cast, clock) == whole
    assert found(whole) == []


def test_a_path_that_is_too_long_is_cut_and_says_so(
    cast: Cast, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    vault = keyless("Vault", at(11))
    for minute in range(0, 55, 5):
        seen(vault, at(11, minute), BTC=coins(minute + 1))
    clock.now = at(12)
    settings.ANCHOR_DIR = tmp_path
    anchor = anchors.export_day(tmp_path)
    monkeypatch.setattr(plans, "LONGEST", 4)
    told = made(cast, clock)
    path = account(told, "Vault")["snapshots"]
    assert (len(path["texts"]), path["ends"]) == (4, "cut")
    assert found(told) == []
    assert [text for text in found(told, anchor) if "NOT PROVEN" in text] == found(told, anchor)
    monkeypatch.setattr(plans, "LONGEST", 11)
    told = made(cast, clock)
    assert account(told, "Vault")["snapshots"]["ends"] == "anchor"
    assert found(told, anchor) == []


def test_it_leads_to_the_first_anchor_since_the_cut_off_and_no_further(
    cast: Cast, clock: StoppedClock, settings: Any, tmp_path: Path
) -> None:
    settings.ANCHOR_DIR = tmp_path
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(1))
    clock.now = at(10, 1)
    before = anchors.export_day(tmp_path)
    for day in (3, 4):
        seen(vault, at(0, day=day), BTC=coins(day))
        clock.now = at(0, 30, day=day)
        anchors.export_day(tmp_path)
    told = made(cast, clock)
    assert told["anchor"] == {
        "file": "heads-20260303.jsonl",
        "at": "2026-03-03T00:30:00.000000Z",
    }
    path = account(told, "Vault")["snapshots"]
    assert (len(path["texts"]), path["ends"]) == (2, "anchor")
    assert found(told, tmp_path / "heads-20260303.jsonl") == found(told, before) == []
    # A damaged one is passed over, and without any the path leads to today's head.
    (tmp_path / "heads-20260303.jsonl").write_text("{}", encoding="utf-8")
    assert made(cast, clock)["anchor"]["file"] == "heads-20260304.jsonl"
    settings.ANCHOR_DIR = tmp_path / "missing"
    told = made(cast, clock)
    assert told["anchor"] is None
    path = account(told, "Vault")["snapshots"]
    assert (len(path["texts"]), path["ends"]) == (3, "head")


def test_without_a_later_snapshot_it_is_the_anchor_that_closes_the_time(
    cast: Cast, clock: StoppedClock, settings: Any, tmp_path: Path
) -> None:
    settings.ANCHOR_DIR = tmp_path
    seen(keyless("Vault", at(10)), at(10), BTC=coins(1))
    clock.now = at(12)
    anchor = anchors.export_day(tmp_path)
    told = made(cast, clock)
    assert any(verifier.NOT_CLOSED in note for note in notes(told))
    assert not any(verifier.NOT_CLOSED in note for note in notes(told, anchor))
