"""Statements with their evidence taken away or made up, checked against several anchors."""

import re
from pathlib import Path
from typing import Any

import pytest

from balances.evidence.verification import anchors
from tests.conftest import Cast
from tests.support.evidence.statements import (
    Told,
    found,
    notes,
    put,
    relinked,
    resealed,
    statement,
    verifier,
)
from tests.support.history import StoppedClock, at, coins, failed, keyless, seen

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
    forged["totals"][0] |= {"fresh": 1, "fresh_holders": 1}
    forged = resealed(relinked(forged))
    assert found(forged, late) == []
    assert f"{uid}: {verifier.OUTSIDE}" in notes(forged, late)
    assert f"{uid}: {verifier.OUTSIDE}" not in notes(told, late)


def test_of_the_first_format_it_is_said_that_it_tells_of_no_wallets(told: Told) -> None:
    assert verifier.UNTOLD not in notes(told)
    assert verifier.UNTOLD in notes({**told, "format": "qredo-dash statement 1"})


NEXT = (
    "qredo-dash snapshot 1\naccount {}\nnumber {}\nslot -\nobserved 2026-03-02T12:00:09.000000Z\n"
    "payload {}\nflags \n"
)


@pytest.fixture
def outflow(clock: StoppedClock, cast: Cast, tmp_path: Path) -> tuple[Told, Path, Path, Path]:
    """Vault held 100 at 11:00 and 7 at noon: a statement of noon that keeps the fall back.

    With it the anchors of 11:01, of 12:30, and of 12:01, when a poll may have been under way.
    """
    vault = keyless("Vault", at(11))
    seen(vault, at(11), BTC=coins(100))
    clock.now = at(11, 1)
    early = made(tmp_path, "heads-20260301.jsonl")
    for minute, total in ((5, 60), (10, 30), (15, 7)):
        seen(vault, at(11, minute), BTC=coins(total))
    clock.now = at(12, 1)
    near = made(tmp_path, "heads-20260302.jsonl")
    seen(vault, at(12, 10), BTC=coins(8))
    clock.now = at(12, 30)
    late = made(tmp_path, "heads-20260303.jsonl")
    clock.now = at(2, day=3)
    return forged_successor(cast, clock), early, late, near


def forged_successor(cast: Cast, clock: StoppedClock) -> Told:
    """State what was held at 11:04 as of noon, with a made-up snapshot of just after noon."""
    told = statement(cast.viewer, at(12), clock.now)
    one = statement(cast.viewer, at(11, 4), clock.now)["accounts"][0]
    text = NEXT.format(one["account"], 2, "0" * 64)
    path = {**one["snapshots"], "texts": [one["snapshots"]["texts"][0], text], "ends": "cut"}
    one = {**one, "snapshots": path, "runs": NO_PATH, "seen_at": "2026-03-02T11:55:00.000000Z"}
    totals = [{**told["totals"][0], **{k: one["holdings"][0][k] for k in verifier.AMOUNTS}}]
    totals[0] |= {"base_units": one["holdings"][0]["base_units"], "fresh": 1, "fresh_holders": 1}
    coverage = {**told["coverage"], "fresh": 1, "carried": 0}
    forged = {**told, "accounts": [one], "totals": totals, "coverage": coverage}
    return resealed(relinked(forged))


def test_a_second_anchor_never_proves_less_than_one(
    outflow: tuple[Told, Path, Path, Path],
) -> None:
    """A path that meets an early anchor has to be shown to be the newest by a later one."""
    forged, early, late, near = outflow
    uid = forged["accounts"][0]["account"]
    assert found(forged, early) == []
    assert f"{uid}: {verifier.NOT_CLOSED}" in notes(forged, early)
    for given in ((late,), (early, late), (late, early), (early, near), (early, near, late)):
        (wrong,) = found(forged, *given)
        assert "NOT PROVEN" in wrong


def test_the_true_statement_is_closed_by_each_later_anchor(
    outflow: tuple[Told, Path, Path, Path], cast: Cast, clock: StoppedClock
) -> None:
    _, early, late, near = outflow
    told = statement(cast.viewer, at(12), clock.now)
    for given in ((late,), (near,), (early, late), (near, late), (early, near, late)):
        assert found(told, *given) == []
        assert not any(verifier.NOT_CLOSED in note for note in notes(told, *given))
    assert any("under way" in note for note in notes(told, near))
    assert not any("under way" in note for note in notes(told, late))


def test_an_anchor_that_knows_only_what_came_before_leaves_it_not_proven(
    outflow: tuple[Told, Path, Path, Path], cast: Cast, clock: StoppedClock
) -> None:
    """Its head is the link before the first text: the snapshot itself is not in it."""
    _, early, _, _ = outflow
    told = statement(cast.viewer, at(11, 7), clock.now)
    (wrong,) = found(told, early)
    assert "NOT PROVEN: its path meets no head" in wrong


def test_a_snapshot_dated_just_before_the_cut_off_is_not_slipped_in_later(
    told: Told, late: Path, clock: StoppedClock, tmp_path: Path
) -> None:
    """What was under way is reckoned from the anchor, made an hour after the cut-off."""
    clock.now = at(13)
    anchor = tmp_path / "heads-20260304.jsonl"
    anchor.write_text(
        late.read_text(encoding="utf-8").replace("2026-03-03T02:00:00", "2026-03-02T13:00:00"),
        encoding="utf-8",
    )
    path = told["accounts"][0]["snapshots"]
    text = path["texts"][0].replace("number 3", "number 4").replace("11:10:00", "11:59:00")
    one = {**told["accounts"][0], "snapshots": {**path, "texts": [text]}, "runs": NO_PATH}
    one |= {"seen_at": "2026-03-02T11:59:00.000000Z", "coverage": "fresh"}
    forged = {**told, "accounts": [one], "coverage": {**told["coverage"], "fresh": 1, "carried": 0}}
    forged["totals"] = [{**told["totals"][0], "fresh": 1}]
    forged = resealed(relinked(forged))
    assert any("came into the chain after" in wrong for wrong in found(forged, anchor))


def test_an_anchor_counts_nothing_that_was_observed_after_it(
    outflow: tuple[Told, Path, Path, Path], cast: Cast, clock: StoppedClock, tmp_path: Path
) -> None:
    _, _, late, _ = outflow
    text = late.read_text(encoding="utf-8").replace("2026-03-02T12:30:00", "2026-03-02T12:05:00")
    older = tmp_path / "heads-20260305.jsonl"
    older.write_text(text, encoding="utf-8")
    told = statement(cast.viewer, at(12), clock.now)
    (wrong,) = found(told, older)
    assert "observed after the anchor was made" in wrong


def test_anchors_that_contradict_each_other_are_refused(
    outflow: tuple[Told, Path, Path, Path], cast: Cast, clock: StoppedClock, tmp_path: Path
) -> None:
    """A chain only grows: fewer links later, another link of one number, an account gone."""
    _, early, late, _ = outflow
    told = statement(cast.viewer, at(12), clock.now)
    text = late.read_text(encoding="utf-8")
    header, line = text.splitlines()
    afterwards = header.replace("12:30:00", "12:50:00")
    for after in (
        [afterwards, line.replace('"snapshots": 5', '"snapshots": 4')],
        [afterwards, re.sub(r'(?<="snapshot_chain": ")[0-9a-f]{8}', "0" * 8, line)],
        [afterwards, re.sub(r'(?<="run_chain": ")[0-9a-f]{8}', "0" * 8, line)],
        [afterwards.replace('"accounts": 1', '"accounts": 0')],
    ):
        other = tmp_path / "heads-20260306.jsonl"
        other.write_text("\n".join(after) + "\n", encoding="utf-8")
        assert any("contradict each other" in wrong for wrong in found(told, late, other))
    assert found(told, early, late) == []


def test_accounts_that_only_an_anchor_knows_are_counted(
    told: Told, clock: StoppedClock, tmp_path: Path
) -> None:
    keyless("Cellar", at(11))
    clock.now = at(2, day=3)
    late = made(tmp_path, "heads-20260303.jsonl")
    assert any("holds 1 accounts that are not in this" in note for note in notes(told, late))


@pytest.mark.parametrize("asset", ["BTC", "BTC-TESTNET"])
def test_money_whose_kind_its_name_belies_is_noted(
    asset: str, clock: StoppedClock, cast: Cast
) -> None:
    vault = keyless("Vault", at(11))
    seen(vault, at(11), **{asset: coins(5)})
    told = statement(cast.viewer, at(12), clock.now.replace(day=3))
    assert not any("test money" in note for note in notes(told))
    other = {"production": "testnet", "testnet": "production"}
    holding = told["accounts"][0]["holdings"][0]
    forged = put(told, ("accounts", 0, "holdings", 0, "kind"), other[holding["kind"]])
    forged = put(forged, ("totals", 0, "kind"), other[holding["kind"]])
    places = {"production": ["production"], "testnet": ["production", "sandbox"]}
    forged = resealed(put(forged, ("totals", 0, "environments"), places[other[holding["kind"]]]))
    assert found(forged) == []
    assert any("is test money stands on the statement alone" in note for note in notes(forged))
