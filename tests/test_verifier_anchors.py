"""Statements with their evidence taken away or made up, checked against several anchors."""

import re
from pathlib import Path
from typing import Any

import pytest

from balances.verification import anchors
from tests.conftest import Cast
from tests.history import StoppedClock, at, coins, failed, keyless, seen
from tests.statements import Told, found, notes, put, relinked, resealed, statement, verifier

NO_PATH: Told = {"before": "", "texts": [], "head": "", "ends": "none"}
FIRST = (
    "qredo-dash snapshot 1\naccount {}\nnumber 1\nslot -\nobserved 2026-03-02T13:00:00.000000Z\n"
    "payload {}\nflags \n"
)
RUN = (
    "qredo-dash run 1\naccount {}\nnumber {}\noutcome fresh\nreason \nslots 1 of 300 s\n"
    "first 2026-03-02T11:59:00.000000Z\nlast 2026-03-02T11:59:00.000000Z\n"
    "until 2026-03-02T12:04:00.000000Z\n"
    "observed 2026-03-02T11:59:00.000000Z 2026-03-02T11:59:00.000000Z\nlateness 0 ms\n"
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10))


@pytest.fixture
def early(clock: StoppedClock, cast: Cast, tmp_path: Path) -> Path:  # noqa: ARG001 - the fund's people
    """An anchor of 11:30, when Vault had been seen three times."""
    vault = keyless("Vault", at(11))
    for minute, total in ((0, 100), (5, 150), (10, 175)):
        seen(vault, at(11, minute), BTC=coins(total))
    failed(vault, at(11, 15))
    clock.now = at(11, 30)
    return made(tmp_path, "heads-20260302.jsonl")


@pytest.fixture
def told(early: Path, clock: StoppedClock, cast: Cast) -> Told:
    """As of noon: what had been seen at 11:10."""
    assert early.exists()
    clock.now = at(1, day=3)
    return statement(cast.viewer, at(12), clock.now)


@pytest.fixture
def late(told: Told, clock: StoppedClock, tmp_path: Path) -> Path:
    """An anchor of the next day."""
    assert told
    clock.now = at(2, day=3)
    return made(tmp_path, "heads-20260303.jsonl")


def made(folder: Path, name: str) -> Path:
    anchors.export(folder / name)
    return folder / name


def unknown(told: Told, snapshots: Told) -> Told:
    """Call the account unknown, with all that follows from it."""
    nothing: dict[str, Any] = {"seen_at": None, "interval_seconds": None, "holdings": []}
    paths = {"snapshots": {**snapshots, "answer": None}, "runs": NO_PATH}
    one = {**told["accounts"][0], "coverage": "unknown", **nothing, **paths}
    forged = {**told, "accounts": [one], "totals": []}
    coverage = {**told["coverage"], "carried": 0, "unknown": 1}
    return resealed(relinked({**forged, "coverage": coverage}))


def test_a_good_one_is_without_fault_by_either_anchor(told: Told, early: Path, late: Path) -> None:
    assert found(told, early, late) == found(told, late) == found(told, early) == []
    assert notes(told, late) == []


def test_an_account_is_not_called_unknown_while_an_anchor_knows_it(
    told: Told, early: Path, late: Path
) -> None:
    forged = unknown(told, NO_PATH)
    assert found(forged) == []
    assert "stands on the statement alone" in notes(forged)[0]
    (kept_back,) = found(forged, early)
    assert "counts 3 snapshots of it" in kept_back
    (not_proven,) = found(forged, late)
    assert "NOT PROVEN" in not_proven


def test_a_first_snapshot_that_was_made_up_makes_nobody_unknown(
    told: Told, early: Path, late: Path
) -> None:
    text = FIRST.format(told["accounts"][0]["account"], "0" * 64)
    path = {"before": "0" * 64, "texts": [text], "head": "", "ends": "head"}
    forged = unknown(told, path)
    assert found(forged) == []
    assert any("NOT PROVEN" in text for text in found(forged, late))
    assert any("counts 3 snapshots" in text for text in found(forged, early))


def test_an_older_snapshot_is_told_by_what_an_anchor_before_the_cut_off_counts(
    told: Told, early: Path, clock: StoppedClock, cast: Cast, tmp_path: Path
) -> None:
    older = statement(cast.viewer, at(11, 7), clock.now)["accounts"][0]
    path = older["snapshots"]
    # Everything after it is kept back, and an anchor is given that holds it.
    path = {**path, "texts": path["texts"][:1], "ends": "cut"}
    one = {**told["accounts"][0], "snapshots": path, "holdings": older["holdings"]}
    totals = [{**told["totals"][0], **{k: older["holdings"][0][k] for k in verifier.AMOUNTS}}]
    totals[0]["base_units"] = older["holdings"][0]["base_units"]
    forged = resealed(relinked({**told, "accounts": [one], "totals": totals}))
    oldest = tmp_path / "heads-20260301.jsonl"
    lines = re.sub(r'"snapshots": 3', '"snapshots": 2', early.read_text(encoding="utf-8"))
    link = forged["accounts"][0]["snapshots"]["head"]
    lines = re.sub(r'(?<="snapshot_chain": ")[0-9a-f]{64}', link, lines)
    oldest.write_text(lines, encoding="utf-8")
    assert found(forged, oldest) == []
    assert any("counts 3 snapshots of it" in text for text in found(forged, oldest, early))


def test_a_run_that_was_made_up_is_told_as_in_no_anchor(told: Told, late: Path) -> None:
    """It makes an account look seen later than it was; the snapshot is another's matter."""
    uid = told["accounts"][0]["account"]
    path = {"before": "f" * 64, "texts": [RUN.format(uid, 7)], "head": "", "ends": "head"}
    forged = put(told, ("accounts", 0, "runs"), path)
    forged = put(forged, ("accounts", 0, "seen_at"), "2026-03-02T11:59:00.000000Z")
    forged = put(forged, ("accounts", 0, "coverage"), "fresh")
    forged["coverage"] |= {"fresh": 1, "carried": 0}
    forged["totals"][0]["fresh"] = 1
    forged = resealed(relinked(forged))
    assert found(forged, late) == []
    assert f"{uid}: {verifier.OUTSIDE}" in notes(forged, late)
    assert f"{uid}: {verifier.OUTSIDE}" not in notes(told, late)


def test_of_the_first_format_it_is_said_that_it_tells_of_no_wallets(told: Told) -> None:
    assert verifier.UNTOLD not in notes(told)
    assert verifier.UNTOLD in notes({**told, "format": "qredo-dash statement 1"})
