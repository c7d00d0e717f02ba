"""The verifier: whatever of a statement is changed is found, or is said to be beyond its sight."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Account, Environment
from balances.evidence.verification import anchors
from tests.conftest import Cast
from tests.support.evidence.statements import (  # fmt: skip
    VERIFIER,
    Told,
    account,
    found,
    leaves,
    notes,
    put,
    relinked,
    resealed,
    statement,
    verifier,
)
from tests.support.history import StoppedClock, at, coins, failed, keyless, seen


@dataclass(frozen=True)
class Given:
    """A good statement, and the anchor that it leads to."""

    told: Told
    anchor: Path

    def place(self, label: str) -> int:
        return [one["label"] for one in self.told["accounts"]].index(label)


@pytest.fixture
def given(cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> Given:
    """As of noon. The day after, its runs are closed and everything is in an anchor."""
    clock = StoppedClock(monkeypatch, at(10))
    vault, rest = keyless("Vault", at(10)), keyless("Rest", at(10))
    Account.objects.filter(pk=rest.pk).update(environment=Environment.SANDBOX)
    keyless("Empty", at(9, day=4))
    for minute, total in ((0, 100), (5, 150), (10, 150)):
        seen(vault, at(11, minute), BTC=coins(total), ETH=(30, 20, 15, 5, 10**18), USD=coins(0))
    seen(rest, at(11, 55), BTC=coins(7, 10))
    failed(vault, at(11, 15))
    for account_, later in ((vault, 175), (rest, 8)):
        seen(account_, at(12, 5), BTC=coins(later), ETH=coins(1))
        seen(account_, at(12, 10), BTC=coins(later + 1))
        seen(account_, at(0, day=3), BTC=coins(later + 2))
    clock.now = at(0, 1, day=3)
    settings.ANCHOR_DIR = tmp_path
    anchor = anchors.export_day(tmp_path)
    clock.now = at(1, day=3)
    return Given(statement(cast.viewer, at(12), clock.now), anchor)


def test_a_good_statement_is_without_fault(given: Given) -> None:
    assert found(given.told) == []
    assert found(given.told, given.anchor) == []
    assert [len(one["snapshots"]["texts"]) for one in given.told["accounts"]] == [0, 4, 4]
    assert [one["snapshots"]["ends"] for one in given.told["accounts"]][1:] == ["anchor"] * 2
    # Of the one never seen the anchor tells that there was no snapshot even then.
    (empty,) = notes(given.told)
    assert empty.startswith(account(given.told, "Empty")["account"])
    assert notes(given.told, given.anchor) == []


def changed(value: Any) -> Iterator[Any]:
    """Yield what a field could be changed into, of its own kind and of others."""
    yield from (None, True, -1, 1.5, 10**300, [], {}, "", "x", [value], {"x": value})
    if isinstance(value, str):
        yield from (value + " ", value + "\n", value[:-1], value.upper() + "\u0000", "\ud800")
        yield from {value[:n] + other + value[n + 1 :] for n, other in _digits(value)}
    if isinstance(value, int):
        yield from (value + 1, str(value), float(value))
    if isinstance(value, list):
        yield from (value[1:], value + value[-1:], value[::-1])


def _digits(text: str) -> Iterator[tuple[int, str]]:
    """Yield one changed digit of each run of digits of a text."""
    for one in re.finditer(r"[0-9a-f]+", text):
        yield one.end() - 1, "1" if text[one.end() - 1] != "1" else "2"


#: What the verifier says itself that nobody can see by a statement and its anchor.
UNSEEN = re.compile(
    r"(zone|made_at|made_by|chosen(/\w+)?|anchor(/file|/at)?"
    r"|accounts/\d+/(snapshots|runs)/ends)"
)


def test_every_field_that_is_changed_is_found(given: Given) -> None:
    """Whatever its value becomes; the fields that may be anything are the stated ones alone."""
    missed = {
        "/".join(map(str, way))
        for way, value in leaves(given.told)
        for other in changed(value)
        if json.dumps(other) != json.dumps(value)
        and not found(put(given.told, way, other), given.anchor)
    }
    assert {way for way in missed if not UNSEEN.fullmatch(way)} == set()
    # The list promises no more than is so.
    assert {"made_at", "made_by", "zone", "anchor"} <= missed


def test_every_field_that_is_gone_or_new_is_found(given: Given) -> None:
    for way, value in leaves(given.told):
        if isinstance(value, dict) and way != ("chosen",):
            assert found(put(given.told, way, {**value, "more": 1}), given.anchor), way
            for name in value:
                rest = {key: part for key, part in value.items() if key != name}
                assert found(put(given.told, way, rest), given.anchor), (way, name)
    for name in given.told:
        rest = {key: part for key, part in given.told.items() if key != name}
        assert found(rest, given.anchor), name


def test_names_can_be_changed_with_the_digest_and_the_verifier_says_so(given: Given) -> None:
    place = given.place("Vault")
    for name, text in {"label": "Another", "owner": "Somebody else"}.items():
        forged = put(given.told, ("accounts", place, name), text)
        assert found(forged, given.anchor)
        assert found(resealed(forged), given.anchor) == []
    assert "labels, owners" in verifier.NEVER


def test_an_account_can_be_left_out_altogether_and_the_verifier_says_so(
    given: Given, cast: Cast
) -> None:
    real = statement(cast.viewer, at(12), at(1, day=3), environment="production")
    assert found({**real, "chosen": {}}, given.anchor) == []
    assert "no account was left out" in verifier.NEVER


def test_a_later_sight_can_be_made_up_and_the_verifier_says_of_whom(given: Given) -> None:
    place = given.place("Vault")
    assert given.told["accounts"][place]["coverage"] == "carried"
    forged = put(given.told, ("accounts", place, "seen_at"), "2026-03-02T11:59:00.000000Z")
    assert any("coverage" in text for text in found(forged, given.anchor))
    forged["accounts"][place]["coverage"] = "fresh"
    for total in forged["totals"]:
        for name in ("fresh", "fresh_holders"):
            total[name] += total["kind"] == "production"
    forged["coverage"] |= {"fresh": 2, "carried": 0}
    forged = resealed(forged)
    assert found(forged, given.anchor) == []
    uid = forged["accounts"][place]["account"]
    assert any(note.startswith(f"{uid}: when it was seen") for note in notes(forged, given.anchor))


@pytest.mark.parametrize(
    ("kind", "number", "old", "new"),
    [
        ("snapshots", 0, "slot 2026-03-02T11:05", "slot 2026-03-02T11:00"),
        ("snapshots", 1, '"BTC" 175 175', '"BTC" 999 999'),
        ("snapshots", 2, "observed 2026-03-02T12:10", "observed 2026-03-02T12:09"),
        ("runs", 0, "lateness 0", "lateness 9"),
        ("runs", 1, "reason timeout", "reason reset"),
    ],
)
def test_links_made_anew_over_a_changed_text_are_found_by_an_anchor_alone(
    given: Given, kind: str, number: int, old: str, new: str
) -> None:
    way = ("accounts", given.place("Vault"), kind, "texts", number)
    text = account(given.told, "Vault")[kind]["texts"][number]
    assert old in text
    forged = put(given.told, way, text.replace(old, new))
    assert found(forged)
    forged = relinked(forged)
    assert found(forged) == []
    assert "computed anew" in verifier.WITHOUT
    (wrong,) = found(forged, given.anchor)
    assert forged["accounts"][given.place("Vault")]["account"] in wrong
    assert given.anchor.name in wrong


def answered_with(given: Given, body: bytes) -> Told:
    """Return the statement with another answer of Vault's, digests and links made anew."""
    place = given.place("Vault")
    path = given.told["accounts"][place]["snapshots"]
    digest = hashlib.sha256(body).hexdigest()
    text = re.sub("payload [0-9a-f]{64}", f"payload {digest}", path["texts"][0])
    encoded = base64.b64encode(body).decode()
    forged = put(given.told, ("accounts", place, "snapshots", "answer"), encoded)
    return relinked(put(forged, ("accounts", place, "snapshots", "texts", 0), text))


VAULT = b'{"assets": {"BTC": {"total": 150, "available": 150, "pendingIn": 0, "pendingOut": 0,'
VAULT += b' "scale": 100}, "ETH": {"total": 30, "available": 20, "pendingIn": 15, "pendingOut": 5,'
VAULT += b' "scale": 1000000000000000000}}}'


def test_a_scale_may_be_written_as_a_decimal(given: Given) -> None:
    for other in (b"100", b"1e2", b"100.0", b"1E+2"):
        assert found(answered_with(given, VAULT.replace(b"100}", other + b"}"))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"total": 150', b'"total": 150.0'),
        (b'"total": 150', b'"total": 1.5e2'),
        (b'"total": 150', b'"total": "150"'),
        (b'"total": 150', b'"total": true'),
        (b'"total": 150', b'"total": NaN'),
        (b'"total": 150', b'"total": 151'),
        (b'"total": 150', b'"total": ' + b"9" * 5_000),
        (b'"total": 150', b'"total": 150, "total": 150'),
        (b'"BTC": {', b'"BTC": {}, "BTC": {'),
        (b'"scale": 100}', b'"scale": 1000}'),
        (b'"scale": 100}', b'"scale": 1e99}'),
        (b'"scale": 100}', b'"scale": 1e999999999}'),
        (b'{"assets"', b'{"more": ' + b"[" * 100_000 + b'"assets"'),
        (b'"ETH": {', b'"SOL": {'),
        (b"}}}", b"}}"),
        (b'"assets": {', b'"assets": null, "rest": {'),
        (b"{", b"\xff{"),
    ],
)
def test_an_answer_that_says_something_else_or_is_odd_is_found(
    given: Given, old: bytes, new: bytes
) -> None:
    assert old in VAULT
    assert found(answered_with(given, VAULT)) == []
    (wrong,) = found(answered_with(given, VAULT.replace(old, new, 1)))
    assert given.told["accounts"][given.place("Vault")]["account"] in wrong


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{}", b"7", b"NaN", b"\xff\xfe", b"[" * 200_000, b'{"a":' * 100_000,
        b'{"format": "qredo-dash statement 1", "format": "qredo-dash statement 1"}',
        b'{"format": ' + b"1" * 10_000 + b"}", b'{"format": -1}', b'{"format": 1e400}',
    ],
)  # fmt: skip
def test_what_is_no_statement_at_all_is_said_to_be_none(body: bytes) -> None:
    assert len(found(body)) == 1


def test_lines_inside_a_text_are_found(given: Given) -> None:
    place = given.place("Vault")
    for extra in ('change "ZZZ" 1 1 0 0 1 \n', "\n", "number 2\n", "\u2028", "\r\n"):
        for number in (0, 1):
            text = given.told["accounts"][place]["snapshots"]["texts"][number]
            way = ("accounts", place, "snapshots", "texts", number)
            if number and extra.startswith("change"):
                continue  # of a later snapshot nothing is known but its text: an anchor tells
            assert found(relinked(put(given.told, way, text + extra))), extra
            assert found(relinked(put(given.told, way, text.replace("\n", extra + "\n", 1))))


def test_an_account_that_stands_twice_is_found(given: Given) -> None:
    twice = {**given.told, "accounts": given.told["accounts"] * 2}
    for total in twice["totals"]:
        level = verifier.level_of(total, "")
        doubled = verifier.Level(*(2 * number for number in level.amounts), level.scale)
        total["base_units"] = [str(number) for number in doubled.amounts]
        for name, number in zip(verifier.AMOUNTS, doubled.amounts, strict=True):
            total[name] = verifier.decimal_text(number, doubled.scale)
        total["accounts"], total["fresh"] = 2 * total["accounts"], 2 * total["fresh"]
    twice["coverage"] = {name: 2 * count for name, count in twice["coverage"].items()}
    assert [text for text in found(resealed(twice)) if "stands twice" in text]


def test_an_account_that_is_left_out_of_the_totals_is_found(given: Given) -> None:
    forged = put(given.told, ("totals", 0), None)
    forged["totals"] = given.told["totals"][1:]
    assert any("totals" in text for text in found(forged))


def test_amounts_whose_evidence_was_taken_away_are_not_passed_over(given: Given) -> None:
    place = given.place("Vault")
    for ends in ("before", "edge", "none"):
        nothing: Told = {"before": "", "texts": [], "head": "", "ends": ends, "answer": None}
        forged = put(given.told, ("accounts", place, "snapshots"), nothing)
        for anchor in ((), (given.anchor,)):
            assert any("NOT PROVEN" in text for text in found(forged, *anchor)), ends


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("slots 3 of 300 s", "slots 9999999999 of 999999 s"),
        ("last 2026-03-02", "last 9999-12-31"),
        ("first 2026-03-02", "first 0001-01-01"),
        ("lateness 0 ms", "lateness 9999999999 ms"),
        ("observed 2026-03-02T11:00:00", "observed 2026-03-02T11:00:61"),
    ],
)
def test_times_beyond_all_bounds_are_found(given: Given, old: str, new: str) -> None:
    place = given.place("Vault")
    text = given.told["accounts"][place]["runs"]["texts"][0]
    assert old in text
    way = ("accounts", place, "runs", "texts", 0)
    assert found(relinked(put(given.told, way, text.replace(old, new))), given.anchor)
    for interval in (10**9, 2**62):
        forged = put(given.told, ("accounts", place, "interval_seconds"), interval)
        assert found(forged, given.anchor)


def test_an_older_snapshot_is_not_taken_for_the_newest(given: Given, cast: Cast) -> None:
    place = given.place("Vault")
    older = statement(cast.viewer, at(11, 3), at(1, day=3))["accounts"][place]
    forged = put(given.told, ("accounts", place, "snapshots"), older["snapshots"])
    forged = put(forged, ("accounts", place, "holdings"), older["holdings"])
    assert any("not the newest" in text for text in found(forged))
    # With the following ones hidden, it is an anchor that tells.
    path = forged["accounts"][place]["snapshots"]
    path["texts"], path["ends"] = path["texts"][:1], "cut"
    forged = relinked(forged)
    assert any("NOT PROVEN" in text for text in found(forged, given.anchor))
    uid = forged["accounts"][place]["account"]
    assert f"{uid}: {verifier.NOT_CLOSED}" in notes(forged)


def test_an_anchor_of_another_installation_is_refused(given: Given, tmp_path: Path) -> None:
    other = tmp_path / "heads-20260304.jsonl"
    text = given.anchor.read_text(encoding="utf-8")
    for one in given.told["accounts"]:
        text = text.replace(one["account"], str(uuid4()))
    other.write_text(text, encoding="utf-8")
    assert any("another installation" in text for text in found(given.told, other))


def test_a_snapshot_put_into_the_past_after_the_anchor_is_found(
    given: Given, tmp_path: Path
) -> None:
    lines = given.anchor.read_text(encoding="utf-8").splitlines()
    uid = account(given.told, "Vault")["account"]
    fewer = [
        line.replace('"snapshots": 5', '"snapshots": 1') if uid in line else line for line in lines
    ]
    other = tmp_path / "heads-20260305.jsonl"
    other.write_text("\n".join(fewer), encoding="utf-8")
    assert any("after" in text and uid in text for text in found(given.told, other))


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda text: text[:-40],
        lambda text: text.replace("heads 1", "heads 2"),
        lambda text: text.replace('"accounts": 3', '"accounts": 4'),
        lambda text: text.replace('"snapshots": 5', '"snapshots": "5"'),
        lambda text: text.replace('"snapshots": 5', '"snapshots": 5, "snapshots": 5'),
        lambda text: text.replace('"at": "2026', '"at": "26'),
    ],
)
def test_what_is_no_anchor_is_refused(
    given: Given, tmp_path: Path, damage: Callable[[str], str]
) -> None:
    damaged = tmp_path / "damaged.jsonl"
    damaged.write_text(damage(given.anchor.read_text(encoding="utf-8")), encoding="utf-8")
    path = saved(given.told, tmp_path)
    code, said = ran(path, "--anchor", damaged)
    assert code == 1
    assert "WRONG 'damaged.jsonl'" in said


def saved(told: Told, folder: Path) -> Path:
    path = folder / "statement.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


def ran(*arguments: str | Path) -> tuple[int, str]:
    """Run the verifier as an auditor does, without anything of the project."""
    command = [sys.executable, "-I", str(VERIFIER), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_it_says_what_it_shows_and_what_it_cannot(given: Given, tmp_path: Path) -> None:
    path = saved(given.told, tmp_path)
    code, said = ran(path, "--anchor", given.anchor)
    assert (code, said.splitlines()[-1]) == (0, "OK: 0 wrong, 0 open.")
    assert given.anchor.name in said
    assert "that Qredo's answers were true" in said
    assert "of 3 of 3 accounts the anchors prove" in said
    assert "Without an anchor" not in said
    code, said = ran(path)
    assert (code, said.splitlines()[-1]) == (0, "OK: 0 wrong, 1 open.")
    assert "Without an anchor" in said


def test_it_names_the_account_and_prints_nothing_that_a_terminal_obeys(
    given: Given, tmp_path: Path
) -> None:
    place = given.place("Vault")
    forged = put(given.told, ("accounts", place, "label"), "\x1b[2J\u202e")
    forged = put(forged, ("accounts", place, "holdings", 0, "asset"), "\x1b[31mBTC")
    code, said = ran(saved(forged, tmp_path))
    assert code == 1
    assert f"WRONG account {forged['accounts'][place]['account']}: holdings" in said
    assert said.isascii()
    assert "\x1b" not in said
    assert said.splitlines()[-1].startswith("NOT OK")


def test_a_file_that_is_not_there_is_no_crash(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        code, said = ran(path)
        assert (code, said.startswith("WRONG it cannot be read")) == (1, True)
