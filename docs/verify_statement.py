#!/usr/bin/env python3
"""Check a statement of Qredo Dash away from the program.

`verify_statement.py STATEMENT [--anchor FILE ...]`

One file, Python 3.9 or newer, nothing but its standard library. The format is described in
`docs/canonical-form.md`. Exit code 0: nothing is wrong; the output says what that covers and what
stays open. 1: something is wrong or not proven; each account and field is named.

An anchor is a file of heads (`heads-20260401.jsonl`) that was kept where people who can write to
the program's database could not change it. Without one a statement only shows that it fits
together. Give an anchor made at the cut-off or later: an earlier one cannot show which snapshot
was the newest at the cut-off.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

#: By format: what is counted of each total. The first one does not tell what keys see; up to the
#: second one accounts are those that hold the asset, since then those that could.
FORMATS = {
    "qredo-dash statement 1": ("accounts", "fresh"),
    "qredo-dash statement 2": ("accounts", "fresh", "partial"),
    "qredo-dash statement 3": ("accounts", "fresh", "partial", "holders", "fresh_holders"),
}
ANCHOR_FORMAT = "qredo-dash heads 1"
AMOUNTS = ("total", "available", "pending_in", "pending_out")
KINDS, ENVIRONMENTS = ("production", "testnet"), ("production", "sandbox")
STANDINGS, COVERAGES = ("counted", "not counted", "archived"), ("fresh", "carried", "unknown")
WALLETS, SOURCES = ("all", "some"), ("qredo", "simulator")
ENDS = ("anchor", "head", "edge", "cut", "none", "before")
ZEROS = "0" * 64
LARGEST, LONGEST_FILE = 2**256, 2_000_000_000
#: No poll takes longer from its request to its row, so an anchor may miss what is younger.
UNDER_WAY = timedelta(seconds=120)
#: How test money in production accounts is usually called; an installation may say otherwise.
TEST_NAMES = re.compile(
    r"QCOIN-.*|.*-(?:TESTNET|GOERLI|ROPSTEN|SEPOLIA|RINKEBY|KOVAN|HOLESKY)", re.IGNORECASE
)

NEVER = """This check cannot show:
- that Qredo's answers were true; it only shows what they were;
- labels, owners and environments; who made the statement, when, and which accounts were chosen;
- that the local time and the time zone belong to the cut-off, and which anchor it leads to;
- which keys can see only some wallets; the statement repeats what people declared;
- which accounts count in totals, and which assets of production accounts are test money;
- that no account was left out of the statement altogether;
- that an account without any snapshot had none, and why a path ends where it ends."""
WITHOUT = """Without an anchor (--anchor) it cannot show either:
- that the snapshots, links and amounts were not all computed anew. Use heads kept elsewhere."""

UNTOLD = "its format does not say which keys see only some wallets"
SUMMED = "its answer has several entries of an asset; that they add up is what people declared"
OUTSIDE = "when it was last seen, and its interval, rest on a run that no given anchor holds"
NOT_CLOSED = "no given anchor shows that its snapshot was still the newest at the cut-off"


class WrongError(Exception):
    """Something does not hold; the text says what."""


# Reading: every shape is checked before anything is done with it.


def strict(body: bytes, odd_number: Callable[[str], Any]) -> Any:
    """Read JSON in which no name stands twice and every whole number is plain and bounded."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_once, parse_int=_whole, parse_float=odd_number, parse_constant=_refused
    )
    try:
        return decoder.decode(body.decode("utf-8"))
    except RecursionError:
        raise WrongError("it is nested too deeply") from None
    except ValueError:
        raise WrongError("it is no JSON in UTF-8") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WrongError("a name stands twice in one object")
    return found


def _whole(digits: str) -> int:
    if digits[0] == "-" or len(digits) > 78:
        raise WrongError("a number is negative or too long")
    return int(digits)


def _refused(text: str) -> NoReturn:
    raise WrongError("a number is not whole: " + shown(text))


class Odd(NamedTuple):
    """A number that is not written as a whole one."""

    text: str


def shown(value: Any) -> str:
    """Write whatever came from outside so that it is inert on a terminal."""
    text = ascii(value)
    return text if len(text) <= 90 else text[:87] + "..."


def fields(value: Any, names: Iterable[str], where: str) -> dict[str, Any]:
    """Return an object that has exactly these fields."""
    if not isinstance(value, dict):
        raise WrongError(where + " is no object")
    differing = set(names) ^ set(value)
    if differing:
        raise WrongError(f"{where} lacks or has more of: {shown(sorted(differing))}")
    return value


def listed(value: Any, where: str) -> list[Any]:
    """Return a list."""
    if not isinstance(value, list):
        raise WrongError(where + " is no list")
    return value


def word(value: Any, where: str, among: Iterable[str] = ()) -> str:
    """Return a text, one of `among` if that is given."""
    if not isinstance(value, str) or (among and value not in among):
        raise WrongError(f"{where} cannot be {shown(value)}")
    return value


def matching(pattern: str, value: Any, where: str) -> re.Match[str]:
    """Return how a whole text matches a pattern."""
    found = re.fullmatch(pattern, word(value, where), re.ASCII)
    if found is None:
        raise WrongError(f"{where} cannot be {shown(value)}")
    return found


def count(value: Any, where: str) -> int:
    """Return a whole number of things."""
    # `type is`, since True is an int too.
    if type(value) is not int or value >= 2**63:
        raise WrongError(f"{where} is no whole number: {shown(value)}")
    return value


def same(where: str, expected: Any, found: Any) -> None:
    """Refuse what is not as expected, in type and value."""
    if type(expected) is not type(found) or expected != found:
        raise WrongError(f"{where} is {shown(found)}, expected {shown(expected)}")


INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NUMBER = r"0|[1-9]\d{0,77}"


def instant(value: Any, where: str) -> datetime:
    """Return an instant in UTC, to the microsecond."""
    matching(INSTANT, value, where)
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise WrongError(f"{where} is no instant: {shown(value)}") from None


def amount(value: Any, where: str) -> int:
    """Return an amount of base units."""
    number = int(matching(NUMBER, value, where).group())
    if number > LARGEST:
        raise WrongError(where + " is larger than 2^256")
    return number


def power_of_ten(value: Any, where: str) -> int:
    """Return a scale."""
    return int(matching(r"10{0,30}", value, where).group())


# Amounts: integers, never fractions.


class Level(NamedTuple):
    """Four amounts in base units, and how many of these are one unit."""

    total: int
    available: int
    pending_in: int
    pending_out: int
    scale: int

    @classmethod
    def of(cls, amounts: list[int], scale: int) -> Level:
        """Return the level of four amounts."""
        total, available, pending_in, pending_out = amounts
        return cls(total, available, pending_in, pending_out, scale)

    @property
    def amounts(self) -> tuple[int, ...]:
        """The four amounts."""
        return tuple(self[:4])

    def __add__(self, other: Any) -> Level:
        scale = max(self.scale, other.scale)
        one, two = scale // self.scale, scale // other.scale
        sums = [a * one + b * two for a, b in zip(self.amounts, other.amounts)]
        return Level.of(sums, scale)


def decimal_text(base_units: int, scale: int) -> str:
    """Return base units in units, with as many decimal places as the scale has zeros."""
    places = len(str(scale)) - 1
    digits = str(base_units).rjust(places + 1, "0")
    return digits if not places else digits[:-places] + "." + digits[-places:]


def level_of(told: dict[str, Any], where: str) -> Level:
    """Return the level of a holding or a total, whose decimals have to say the same."""
    units = listed(told["base_units"], where + " base_units")
    same(where + " base_units, how many", 4, len(units))
    # A sum may be larger than what one account can hold.
    numbers = [
        int(matching(r"0|[1-9]\d{0,199}", one, where + " base_units").group()) for one in units
    ]
    level = Level.of(numbers, power_of_ten(told["scale"], where + " scale"))
    for name, number in zip(AMOUNTS, level.amounts):
        same(f"{where} {name}", decimal_text(number, level.scale), told[name])
    return level


class Answer(NamedTuple):
    """What an answer of Qredo's says that is held, by asset; and which are sums of entries."""

    held: dict[str, Level]
    summed: set[str]


def answered(body: bytes) -> Answer:
    """Return what an answer of Qredo's says."""
    document = strict(body, Odd)
    if document is None or document == {"data": None}:
        return Answer({}, set())
    if not isinstance(document, dict) or "assets" not in document:
        raise WrongError("the answer has no assets")
    levels: dict[str, Level] = {}
    summed = set()
    for name, one in _entries(document["assets"]):
        level = _answered_level(name, one)
        if name in levels:
            level = _summed_level(name, levels[name], level)
            summed.add(name)
        levels[name] = level
    # What cannot be shown as what it is, is left out of every figure.
    return Answer({name: level for name, level in levels.items() if plain(name)}, summed)


def plain(name: str) -> bool:
    """Whether an asset's name shows exactly what it is."""
    if not 0 < len(name) <= 128 or name[0] == " " or name[-1] == " ":
        return False
    if name.isascii():
        return name.isprintable()
    return (
        unicodedata.category(name[0])[0] != "M"
        and unicodedata.is_normalized("NFC", name)
        and all(one == " " or _visible(one) for one in name)
    )


def _visible(one: str) -> bool:
    blank = one in "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    selects = 0xFE00 <= ord(one) < 0xFE10 or 0xE0100 <= ord(one) < 0xE01F0
    return not (blank or selects or unicodedata.category(one)[0] in "CZ")


def _entries(assets: Any) -> Iterator[tuple[str, Any]]:
    if assets is None:
        return
    parts = [assets] if isinstance(assets, dict) else listed(assets, "the answer's assets")
    for part in parts:
        if not isinstance(part, dict) or (parts is assets and len(part) != 1):
            raise WrongError("the answer lists something else than one asset each")
        yield from part.items()


def _summed_level(name: str, one: Level, other: Level) -> Level:
    if one.scale != other.scale or not plain(name):
        raise WrongError("the answer has entries that cannot be summed: " + shown(name))
    level = one + other
    if any(number > LARGEST for number in level.amounts):
        raise WrongError("the answer has a sum that is larger than 2^256: " + shown(name))
    return level


def _answered_level(name: str, entry: Any) -> Level:
    keys = ("total", "available", "pendingIn", "pendingOut", "scale")
    if not isinstance(entry, dict) or not set(keys) <= set(entry):
        raise WrongError("the answer lacks amounts of " + shown(name))
    numbers = [entry[key] for key in keys[:4]]
    if any(type(number) is not int or number > LARGEST for number in numbers):
        raise WrongError("the answer has an amount that is not whole: " + shown(name))
    return Level.of(numbers, _answered_scale(name, entry["scale"]))


def _answered_scale(name: str, value: Any) -> int:
    if isinstance(value, Odd) and re.fullmatch(
        r"[0-9]{1,32}(\.[0-9]{1,32})?([eE]\+?[0-9]{1,2})?", value.text, re.ASCII
    ):
        exact = Decimal(value.text)
        value = int(exact) if exact == int(exact) else None
    if type(value) is int and re.fullmatch(r"10{0,30}", str(value)):
        return value
    raise WrongError("the answer has a scale that is no power of ten: " + shown(name))


# Texts and links.


class Snapshot(NamedTuple):
    """A snapshot as its text tells of it; changes by asset, each with its flags."""

    number: int
    observed: datetime
    payload: str
    flags: list[str]
    changes: dict[str, tuple[Level, str]]


class Run(NamedTuple):
    """A closed run as its text tells of it."""

    number: int
    outcome: str
    interval: timedelta
    first: datetime
    last: datetime
    until: datetime
    observed: tuple[datetime, datetime] | None
    lateness: timedelta

    def seen_by(self, at: datetime) -> datetime | None:
        """Return the newest instant at or before `at` at which this run has certainly seen."""
        if self.observed is None or self.observed[0] > at:
            return None
        if self.observed[1] <= at:
            return self.observed[1]
        # Within a run each slot was observed at most `lateness` after it.
        slots = (at - self.first - self.lateness) // self.interval
        return max(self.observed[0], self.first + slots * self.interval)


SNAPSHOT = (
    r"qredo-dash snapshot 1\naccount (" + UUID + r")\nnumber ([1-9]\d{0,9})\n"
    r"slot (?:-|" + INSTANT + r")\nobserved (" + INSTANT + r")\npayload ([0-9a-f]{64})\n"
    r"flags ((?:emptied|left_out|summed|left_out,summed)?)\n((?:change [^\n]*\n)*)"
)  # fmt: skip
CHANGE = r'change ("(?:[^"\\\n]|\\.)*")' + 4 * (" (" + NUMBER + ")") + r" (10{0,30}) ([a-z_,]*)"
RUN = (
    r"qredo-dash run 1\naccount (" + UUID + r")\nnumber ([1-9]\d{0,9})\n"
    r"outcome (fresh|failed|missed)\nreason [a-z_]*\nslots ([1-9]\d{0,9}) of ([1-9]\d{0,5}) s\n"
    r"first (" + INSTANT + r")\nlast (" + INSTANT + r")\nuntil (" + INSTANT + r")\n"
    r"observed (-|" + INSTANT + r") (-|" + INSTANT + r")\nlateness (0|[1-9]\d{0,9}) ms\n"
)  # fmt: skip


def snapshot_of(text: Any, uid: str) -> Snapshot:
    """Return what a snapshot's canonical text says."""
    found = matching(SNAPSHOT, text, "a snapshot's text")
    same("the account in a snapshot's text", uid, found[1])
    changes = dict(map(_change, found[6].split("\n")[:-1]))
    names = list(changes)
    if names != sorted(names) or len(names) != found[6].count("\n"):
        raise WrongError("the changes in a snapshot's text are not in order")
    observed, flags = instant(found[3], "observed"), found[5].split(",")
    return Snapshot(int(found[2]), observed, found[4], flags, changes)


def _change(line: str) -> tuple[str, tuple[Level, str]]:
    found = matching(CHANGE, line, "a change in a snapshot's text")
    try:
        name = json.loads(found[1])
    except ValueError:
        raise WrongError("a change names no asset") from None
    same("the asset of a change, as it is written", json.dumps(name), found[1])
    numbers = [amount(found[part], "a change") for part in range(2, 6)]
    return name, (Level.of(numbers, int(found[6])), found[7])


def run_of(text: Any, uid: str) -> Run:
    """Return what a closed run's canonical text says."""
    found = matching(RUN, text, "a run's text")
    same("the account in a run's text", uid, found[1])
    first, last, until = (instant(found[part], "a run's text") for part in (6, 7, 8))
    interval, lateness = timedelta(seconds=int(found[5])), timedelta(milliseconds=int(found[11]))
    observed = None if found[9] == "-" else (instant(found[9], "run"), instant(found[10], "run"))
    run = Run(int(found[2]), found[3], interval, first, last, until, observed, lateness)
    _check_run(run, int(found[4]))
    return run


def _check_run(run: Run, slots: int) -> None:
    fits = (
        (slots - 1) * run.interval == run.last - run.first
        and run.first.date() == run.last.date()
        and run.first < run.until <= run.last + run.interval
        and (run.observed is not None) == (run.outcome == "fresh")
    )
    if run.observed is not None:
        pairs = zip((run.first, run.last), run.observed)
        fits = fits and all(timedelta(0) <= seen - slot <= run.lateness for slot, seen in pairs)
    if not fits:
        raise WrongError(f"run {run.number} contradicts itself")


class Chain(NamedTuple):
    """Texts of a chain from number `first` on; `links` begins with the one before them."""

    first: int
    links: list[str]
    rows: list[Any]

    @property
    def last(self) -> int:
        """The number of the last text."""
        return self.first + len(self.rows) - 1


def path_of(
    told: dict[str, Any], uid: str, read: Callable[[Any, str], Any], kind: str
) -> Chain | None:
    """Return a path whose links follow from its texts; nothing where there is no text."""
    texts = listed(told["texts"], kind + " texts")
    ends = word(told["ends"], kind + " ends", ENDS)
    if not texts:
        same(kind + " before", "", told["before"])
        same(kind + " head", "", told["head"])
        if ends not in ("none", "edge", "before"):
            raise WrongError(f"{kind} has no text, but ends at {shown(ends)}")
        return None
    if ends in ("none", "before"):
        raise WrongError(f"{kind} has texts, but is said to have none")
    rows = [read(text, uid) for text in texts]
    same(
        kind + " numbers",
        list(range(rows[0].number, rows[0].number + len(rows))),
        [r.number for r in rows],
    )
    links = [matching(r"[0-9a-f]{64}", told["before"], kind + " before").group()]
    if rows[0].number == 1:
        same(kind + " before", ZEROS, links[0])
    for text in texts:
        links.append(hashlib.sha256(bytes.fromhex(links[-1]) + text.encode("utf-8")).hexdigest())
    same(kind + " head", links[-1], told["head"])
    return Chain(rows[0].number, links, rows)


# Accounts.


class Holding(NamedTuple):
    """One asset that an account is said to hold something of."""

    asset: str
    kind: str
    level: Level


class Head(NamedTuple):
    """What a statement is: its cut-off, and whether its format tells what keys see, and sources."""

    at: datetime
    tells_wallets: bool
    tells_source: bool


class Line(NamedTuple):
    """One account of the statement; what its format does not tell is empty."""

    uid: str
    name: str
    owner: str
    environment: str
    standing: str
    coverage: str
    wallets: str
    source: str
    seen_at: datetime | None
    interval: int
    holdings: list[Holding]
    snapshots: Chain | None
    runs: Chain | None


LINE = (
    "account", "label", "owner", "environment", "standing", "coverage", "seen_at",
    "interval_seconds", "holdings", "snapshots", "runs",
)  # fmt: skip
PATH = ("before", "texts", "head", "ends")


def line_of(value: Any, head: Head, notes: list[str]) -> Line:
    """Return an account after everything about it was checked but anchors; note what is open."""
    more = ["wallets"] * head.tells_wallets + ["source"] * head.tells_source
    told = fields(value, (*LINE, *more), "the account")
    uid = matching(UUID, told["account"], "account").group()
    snapshots = fields(told["snapshots"], (*PATH, "answer"), "snapshots")
    line = Line(
        uid,
        word(told["label"], "label"),
        word(told["owner"], "owner"),
        word(told["environment"], "environment", ENVIRONMENTS),
        word(told["standing"], "standing", STANDINGS),
        word(told["coverage"], "coverage", COVERAGES),
        word(told["wallets"], "wallets", WALLETS) if head.tells_wallets else "",
        word(told["source"], "source", SOURCES) if head.tells_source else "",
        None if told["seen_at"] is None else instant(told["seen_at"], "seen_at"),
        0
        if told["interval_seconds"] is None
        else count(told["interval_seconds"], "interval_seconds"),
        holdings_of(told["holdings"], told["environment"]),
        path_of(snapshots, uid, snapshot_of, "snapshots"),
        path_of(fields(told["runs"], PATH, "runs"), uid, run_of, "runs"),
    )
    _check_kinds(told, line)
    _check_snapshots(line, head.at, snapshots["answer"])
    _check_sight(line, head.at, notes)
    return line


def holdings_of(value: Any, environment: str) -> list[Holding]:
    """Return what an account is said to hold."""
    found = []
    for number, one in enumerate(listed(value, "holdings"), 1):
        where = f"holding {number}"
        told = fields(one, ("asset", "kind", *AMOUNTS, "base_units", "scale"), where)
        kind = word(told["kind"], where + " kind", KINDS)
        if environment == "sandbox":
            same(where + " kind", "testnet", kind)
        found.append(Holding(word(told["asset"], where + " asset"), kind, level_of(told, where)))
    names = [one.asset for one in found]
    if len(names) != len(set(names)):
        raise WrongError("an asset stands twice among the holdings")
    return found


def _check_kinds(told: dict[str, Any], line: Line) -> None:
    """Check that what belongs together is there together."""
    is_known = line.coverage != "unknown"
    same("seen_at, whether there is one", is_known, line.seen_at is not None)
    same("interval_seconds, whether there is one", is_known, told["interval_seconds"] is not None)
    if not is_known:
        same("holdings of an unknown account", [], line.holdings)
        same("answer of an unknown account", None, told["snapshots"].get("answer"))
    elif line.interval < 1:
        raise WrongError("interval_seconds is zero")


def _check_snapshots(line: Line, at: datetime, answer: Any) -> None:
    """Check the amounts against the newest snapshot at the cut-off."""
    path = line.snapshots
    if path is None:
        if line.coverage != "unknown":
            raise WrongError("NOT PROVEN: its amounts stand there without evidence")
        return
    rows: list[Snapshot] = path.rows
    later = rows
    if line.coverage == "unknown":
        same("number of the first snapshot of an unknown account", 1, path.first)
    else:
        if rows[0].observed > at:
            raise WrongError("the snapshot was observed after the cut-off")
        _check_amounts(line, rows[0], answer)
        if "left_out" in rows[0].flags and line.wallets == "all":
            raise WrongError("wallets is all, but its answer has an asset that is left out")
        later = rows[1:]
    if any(row.observed <= at for row in later):
        raise WrongError(
            "a later snapshot was observed before the cut-off: the amounts are not the newest"
        )
    if any(a.observed >= b.observed for a, b in zip(rows, rows[1:])):
        raise WrongError("the snapshots do not follow one another in time")


def _check_amounts(line: Line, snapshot: Snapshot, answer: Any) -> None:
    try:
        body = base64.b64decode(word(answer, "answer").encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise WrongError("the answer is no base64") from None
    # Bits at its end that no byte holds could be anything.
    same("answer, as base64", base64.b64encode(body).decode("ascii"), answer)
    same("SHA-256 of the answer", snapshot.payload, hashlib.sha256(body).hexdigest())
    said = answered(body)
    # A person has said of this account that they add up; else such an answer is not taken.
    if bool(said.summed) != ("summed" in snapshot.flags):
        raise WrongError("a snapshot's text and its answer disagree on whether entries are summed")
    _check_changes(snapshot, said)
    expected = {name: level for name, level in said.held.items() if any(level.amounts)}
    found = {one.asset: one.level for one in line.holdings}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            told = found.get(name)
            raise WrongError(
                f"holdings {shown(name)} are {'missing' if told is None else shown(tuple(told))},"
                f" expected {shown(tuple(expected[name])) if name in expected else 'none'}"
            )


def _check_changes(snapshot: Snapshot, said: Answer) -> None:
    """Check what a snapshot's text says has changed against the answer that it names."""
    held = said.held
    for name, (level, flags) in snapshot.changes.items():
        if "vanished" in flags.split(","):
            fits = name not in held and not any(level.amounts)
        else:
            fits = held.get(name) == level
            fits = fits and (name in said.summed) == ("summed" in flags.split(","))
        if not fits:
            raise WrongError("the snapshot's text and its answer disagree on " + shown(name))
    if snapshot.number == 1 and snapshot.changes.keys() != held.keys():
        raise WrongError("the first snapshot's text does not name all of its answer")


def _check_sight(line: Line, at: datetime, notes: list[str]) -> None:
    """Check when the account was seen last, and whether that was fresh."""
    if line.seen_at is None:
        return
    if line.seen_at > at:
        raise WrongError("seen_at is later than the cut-off")
    is_fresh = at - line.seen_at <= 2 * timedelta(seconds=line.interval)
    same("coverage", "fresh" if is_fresh else "carried", line.coverage)
    by_run, run = _newest_sight(line, at)
    proven = max(
        filter(None, (by_run, line.snapshots and line.snapshots.rows[0].observed)), default=None
    )
    if proven is not None and line.seen_at < proven:
        raise WrongError("seen_at is earlier than what the evidence shows")
    if run is not None and line.seen_at == by_run:
        same("interval_seconds", int(run.interval.total_seconds()), line.interval)
        return
    what = (
        "its interval"
        if line.seen_at == proven
        else "when it was seen last (a refresh, or a run open then)"
    )
    notes.append(f"{line.uid}: {what}, and so {line.coverage}, stands on the statement alone")


def _newest_sight(line: Line, at: datetime) -> tuple[datetime | None, Run | None]:
    """Return the newest instant that runs show; they have to follow one another."""
    if line.runs is None:
        return None, None
    runs: list[Run] = line.runs.rows
    if any(b.first < a.until for a, b in zip(runs, runs[1:])):
        raise WrongError("the runs overlap")
    if runs[0].seen_by(at) is None:
        raise WrongError("the first run given has seen nothing by the cut-off")
    seen = [(run.seen_by(at), run) for run in runs]
    return max(((when, run) for when, run in seen if when is not None), key=lambda pair: pair[0])


# Anchors.


class Anchor(NamedTuple):
    """A file of heads, by account."""

    name: str
    at: datetime
    heads: dict[str, dict[str, Any]]


NO_HEAD = {"snapshots": 0}


def anchor_of(path: Path) -> Anchor:
    """Read a file of heads."""
    first, *lines = read_file(path).splitlines() or [b""]
    header = fields(strict(first, _refused), ("format", "at", "accounts"), "its first line")
    same("its format", ANCHOR_FORMAT, header["format"])
    same("how many accounts it holds", len(lines), header["accounts"])
    heads = [_head_of(strict(line, _refused)) for line in lines]
    found = {head["account"]: head for head in heads}
    same("how many accounts it holds once", len(lines), len(found))
    return Anchor(path.name, _anchor_instant(header["at"]), found)


def _anchor_instant(value: Any) -> datetime:
    pattern = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z"
    found = matching(pattern, value, "when it was made")
    return instant(f"{found[1]}.{(found[2] or '').ljust(6, '0')}Z", "when it was made")


def _head_of(value: Any) -> dict[str, Any]:
    head = fields(value, ("account", "snapshots", "snapshot_chain", "runs", "run_chain"), "a line")
    matching(UUID, head["account"], "account")
    for number, link in (("snapshots", "snapshot_chain"), ("runs", "run_chain")):
        count(head[number], number)
        matching(r"[0-9a-f]{64}", head[link], link)
    return head


class Met(NamedTuple):
    """What one anchor shows of one account."""

    #: The snapshot was in its chain when the anchor was made.
    holds: bool
    #: It was the newest at the cut-off too: the anchor was made after it.
    closes: bool
    #: How many snapshots it counts that the path does not reach.
    beyond: int


def check_anchor(line: Line, anchor: Anchor, at: datetime) -> Met:
    """Compare an account's paths with its heads in an anchor; return what it shows."""
    head, is_later = anchor.heads.get(line.uid), anchor.at >= at
    if head is None:
        if is_later and line.coverage != "unknown":
            raise WrongError(
                f"it is missing in {shown(anchor.name)}, which was made after the cut-off"
            )
        return Met(is_later, is_later, 0)
    _meets(line.runs, head["runs"], head["run_chain"], "runs", anchor)
    number = head["snapshots"]
    if anchor.at <= at:
        _check_early(line, anchor, number)
    _check_late(line, anchor, number, at)
    _check_counted(line, anchor, number)
    if number == 0 and is_later and line.coverage == "unknown":
        return Met(holds=True, closes=True, beyond=0)
    holds = _meets(line.snapshots, number, head["snapshot_chain"], "snapshots", anchor)
    beyond = max(number - (line.snapshots.last if line.snapshots else 0), 0)
    return Met(holds, holds and is_later, beyond)


def _meets(path: Chain | None, number: int, link: str, kind: str, anchor: Anchor) -> bool:
    """Return whether a head lies on a path; it has to be the same link there."""
    if path is None or not path.first - 1 <= number <= path.last or number == 0:
        return False
    same(f"{kind} link {number} in {shown(anchor.name)}", link, path.links[number - path.first + 1])
    return number >= path.first


def _check_early(line: Line, anchor: Anchor, number: int) -> None:
    """Refuse amounts older than a snapshot that there was before the cut-off."""
    if number > (line.snapshots.last if line.snapshots else 0):
        raise WrongError(
            f"{shown(anchor.name)}, which was made by the cut-off, counts {number} snapshots of it:"
            " what was seen last is kept back"
        )


def _check_late(line: Line, anchor: Anchor, number: int, at: datetime) -> None:
    """Refuse a snapshot that was put into the past after the anchor had been made."""
    first = line.snapshots.rows[0] if line.snapshots else None
    if (
        first is not None
        and anchor.at >= at
        and number < first.number
        and first.observed < anchor.at - UNDER_WAY
    ):
        raise WrongError(
            f"its snapshot came into the chain after {shown(anchor.name)} had been made"
        )


def _check_counted(line: Line, anchor: Anchor, number: int) -> None:
    """Refuse an anchor that counts what was only observed after it had been made."""
    rows: list[Snapshot] = line.snapshots.rows if line.snapshots else []
    counted = [row for row in rows if row.number <= number]
    if counted and counted[-1].observed > anchor.at:
        raise WrongError(
            f"{shown(anchor.name)} counts snapshot {counted[-1].number},"
            " which says that it was observed after the anchor was made"
        )


def check_order(anchors: list[Anchor]) -> Iterator[str]:
    """Yield what anchors say against one another: a chain only grows."""
    ordered = sorted(anchors, key=lambda anchor: anchor.at)
    for one, two in zip(ordered, ordered[1:]):
        for uid, head in one.heads.items():
            later = two.heads.get(uid)
            if later is None or any(_shrinks(head, later, kind) for kind in ("snapshot", "run")):
                yield (
                    f"{shown(one.name)} and {shown(two.name)} contradict each other"
                    f" on account {uid}"
                )


def _shrinks(head: dict[str, Any], later: dict[str, Any], kind: str) -> bool:
    """Return whether a later head has fewer links, or as many and another one."""
    links = (head[kind + "s"], head[kind + "_chain"]), (later[kind + "s"], later[kind + "_chain"])
    (number, link), (then, other) = links
    return bool(then < number or (then == number and link != other))


# The whole statement.


class Report(NamedTuple):
    """What was found; `met` is what each anchor shows, account by account."""

    wrong: list[str]
    notes: list[str]
    lines: list[Line]
    at: datetime | None
    met: list[list[Met]]


STATEMENT = (
    "format", "at", "local", "zone", "made_at", "made_by", "chosen", "anchor", "accounts", "totals",
    "coverage", "figures",
)  # fmt: skip


def verify(body: bytes, anchors: list[Anchor]) -> Report:
    """Check a statement; return everything that is wrong with it."""
    report = Report([], [], [], None, [])
    try:
        told = fields(strict(body, _refused), STATEMENT, "the statement")
        head = _check_head(told)
    except WrongError as error:
        report.wrong.append(str(error))
        return report
    report = report._replace(at=head.at)
    if not head.tells_wallets:
        report.notes.append(UNTOLD)
    for number, value in enumerate(told["accounts"], 1):
        _take(value, number, head, anchors, report)
    # Sums of accounts that are wrong say nothing more.
    if len(report.lines) == len(told["accounts"]):
        for check in (_check_once, _check_totals, _check_coverage, _check_figures):
            _noted(report.wrong, "the statement", check, told, report.lines)
    report.wrong.extend(check_order(anchors))
    for number, anchor in enumerate(anchors):
        _check_whole_anchor(anchor, [met[number] for met in report.met], report)
    return report


def _check_whole_anchor(anchor: Anchor, met: list[Met], report: Report) -> None:
    """Check an anchor against the statement as a whole; note what it leaves open."""
    named = {line.uid for line in report.lines}
    if report.lines and not named & anchor.heads.keys():
        report.wrong.append(f"{shown(anchor.name)} is of another installation: no account is in it")
        return
    absent = len(anchor.heads.keys() - named)
    if absent:
        report.notes.append(
            f"{shown(anchor.name)} also holds {absent} accounts that are not in this statement"
        )
    at = report.at
    if at is not None and at <= anchor.at < at + UNDER_WAY and any(one.closes for one in met):
        report.notes.append(
            f"{shown(anchor.name)} was made less than two minutes after the cut-off: an answer that"
            " was under way then may be missing from it"
        )


def _check_head(told: dict[str, Any]) -> Head:
    word(told["format"], "format", FORMATS)
    at, made = instant(told["at"], "at"), instant(told["made_at"], "made_at")
    if at > made:
        raise WrongError("at lies after made_at")
    _check_local(told["local"], at)
    word(told["zone"], "zone")
    word(told["made_by"], "made_by")
    chosen = told["chosen"] if isinstance(told["chosen"], dict) else {"": None}
    for name, value in chosen.items():
        word(name, "chosen", ("owner", "environment", "tag"))
        word(value, "chosen " + name)
    if told["anchor"] is not None:
        anchor = fields(told["anchor"], ("file", "at"), "anchor")
        matching(r"heads-\d{8}\.jsonl", anchor["file"], "anchor file")
        if instant(anchor["at"], "anchor at") < at:
            raise WrongError("the anchor it leads to was made before the cut-off")
    listed(told["accounts"], "accounts")
    return Head(at, "partial" in FORMATS[told["format"]], "holders" in FORMATS[told["format"]])


def _check_local(value: Any, at: datetime) -> None:
    pattern = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})([+-])(\d\d):(\d\d)(?::(\d\d))?"
    found = matching(pattern, value, "local")
    offset = timedelta(hours=int(found[3]), minutes=int(found[4]), seconds=int(found[5] or 0))
    try:
        local = instant(found[1] + "Z", "local") - (offset if found[2] == "+" else -offset)
    except OverflowError:
        raise WrongError("local is no instant") from None
    same("local", at, local)


def _take(value: Any, number: int, head: Head, anchors: list[Anchor], report: Report) -> None:
    name = value.get("account") if isinstance(value, dict) else None
    where = (
        f"account {name}"
        if isinstance(name, str) and re.fullmatch(UUID, name)
        else f"account number {number}"
    )
    try:
        line = line_of(value, head, report.notes)
        report.lines.append(line)
        met = [check_anchor(line, anchor, head.at) for anchor in anchors]
        if not any(one.holds for one in met):
            _note_unanchored(line, anchors, report.notes)
        _note_unanchored_run(line, anchors, head.at, report.notes)
        _check_closed(line, anchors, met, head.at, report.notes)
        _note_test_names(line, report.notes)
        _note_summed(line, report.notes)
        report.met.append(met)
    except WrongError as error:
        report.wrong.append(f"{where}: {error}")
    except OverflowError:
        report.wrong.append(f"{where}: a time or an interval is beyond all bounds")


def _check_closed(
    line: Line, anchors: list[Anchor], met: list[Met], at: datetime, notes: list[str]
) -> None:
    """Check that the first snapshot is shown to be the newest at the cut-off.

    Texts beyond an anchored one prove nothing: they can be made up, as their times can.
    """
    if line.snapshots is None or any(one.closes for one in met):
        return
    # Without any anchor a later text says as much as a first one: see WITHOUT.
    if not anchors and (len(line.snapshots.rows) > 1 or line.coverage == "unknown"):
        return
    for anchor, one in zip(anchors, met):
        if anchor.at >= at and one.beyond:
            raise WrongError(
                f"NOT PROVEN: {shown(anchor.name)}, made after the cut-off, counts {one.beyond}"
                " snapshots of it that its path does not reach; one of them may be the newest"
            )
    notes.append(f"{line.uid}: {NOT_CLOSED}")


def _note_test_names(line: Line, notes: list[str]) -> None:
    """Note money of a production account that is called test money, though not by its name."""
    odd = [
        held.asset
        for held in line.holdings
        if line.environment == "production"
        and (held.kind == "testnet") != bool(TEST_NAMES.fullmatch(held.asset))
    ]
    notes.extend(
        f"{line.uid}: whether {shown(asset)} is test money stands on the statement alone;"
        " its name says otherwise"
        for asset in odd
    )


def _note_summed(line: Line, notes: list[str]) -> None:
    """Say where amounts are sums that a person vouches for."""
    if line.seen_at is not None and line.snapshots and "summed" in line.snapshots.rows[0].flags:
        notes.append(f"{line.uid}: {SUMMED}")


def _note_unanchored(line: Line, anchors: list[Anchor], notes: list[str]) -> None:
    if line.snapshots is not None:
        if anchors:
            raise WrongError("NOT PROVEN: its path meets no head in the anchors given")
        return
    # Called unknown, an account would need no evidence at all.
    if any(anchor.heads.get(line.uid, NO_HEAD)["snapshots"] for anchor in anchors):
        raise WrongError("NOT PROVEN: it is called unknown, but an anchor knows snapshots of it")
    notes.append(f"{line.uid}: that nothing was known of it stands on the statement alone")


def _note_unanchored_run(line: Line, anchors: list[Anchor], at: datetime, notes: list[str]) -> None:
    """Note that a run was made up perhaps by which an account was seen last."""
    by_run, run = _newest_sight(line, at)
    if run is None or by_run != line.seen_at or not anchors:
        return
    for anchor in anchors:
        head = anchor.heads.get(line.uid)
        if (
            head is not None
            and run.number <= head["runs"]
            and _meets(line.runs, head["runs"], head["run_chain"], "runs", anchor)
        ):
            return
    notes.append(f"{line.uid}: {OUTSIDE}")


def _noted(wrong: list[str], where: str, check: Callable[..., None], *values: Any) -> None:
    try:
        check(*values)
    except WrongError as error:
        wrong.append(f"{where}: {error}")


def _check_once(_told: dict[str, Any], lines: list[Line]) -> None:
    if len({line.uid for line in lines}) != len(lines):
        raise WrongError("an account stands twice in it")


def places(told: dict[str, Any]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return in which environments an account could hold each asset, if the format tells."""
    if "holders" not in FORMATS[told["format"]]:
        return {}
    found = {}
    for number, one in enumerate(listed(told["totals"], "totals"), 1):
        where = f"total {number}"
        total = fields(one, total_names(told), where)
        key = word(total["kind"], where + " kind", KINDS), word(total["asset"], where + " asset")
        told_of = listed(total["environments"], where + " environments")
        there = tuple(word(each, where + " environments", ENVIRONMENTS) for each in told_of)
        of_test_money: list[tuple[str, ...]] = [("sandbox",), ENVIRONMENTS]
        meant = [("production",)] if key[0] == "production" else of_test_money
        if there not in meant:
            raise WrongError(f"{where} environments are not those of {shown(key[0])}")
        found[key] = there
    return found


def total_names(told: dict[str, Any]) -> tuple[str, ...]:
    """Return what each total holds."""
    counted = FORMATS[told["format"]]
    environments = ("environments",) if "holders" in counted else ()
    return ("asset", "kind", *AMOUNTS, "base_units", "scale", *counted, *environments)


def sums(told: dict[str, Any], lines: list[Line]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Add up what counts, by kind of money and asset, with the counts that the format has."""
    levels: dict[tuple[str, str], Level] = {}
    holders: dict[tuple[str, str], list[Line]] = {}
    counted = [line for line in lines if line.standing == "counted"]
    for line in counted:
        for held in line.holdings:
            key = held.kind, held.asset
            levels[key] = levels[key] + held.level if key in levels else held.level
            holders.setdefault(key, []).append(line)
    where, found = places(told), {}
    for key, level in levels.items():
        could = [line for line in counted if line.environment in where.get(key, ())]
        counts = tallied(could if where else holders[key])
        of_holders = tallied(holders[key])
        counts.update(holders=of_holders["accounts"], fresh_holders=of_holders["fresh"])
        if where and any(one.environment not in where.get(key, ()) for one in holders[key]):
            raise WrongError(f"the totals leave out {shown(key)}, or accounts that hold it")
        found[key] = level, *(counts[name] for name in FORMATS[told["format"]])
    return found


def tallied(lines: list[Line]) -> dict[str, int]:
    """Return how many accounts these are, how many are fresh, and how many are partial."""
    return {
        "accounts": len(lines),
        "fresh": sum(line.coverage == "fresh" for line in lines),
        "partial": sum(line.wallets == "some" for line in lines),
    }


def _check_totals(told: dict[str, Any], lines: list[Line]) -> None:
    counted = FORMATS[told["format"]]
    expected, found = sums(told, lines), {}
    for number, one in enumerate(listed(told["totals"], "totals"), 1):
        where = f"total {number}"
        total = fields(one, total_names(told), where)
        key = word(total["kind"], where + " kind", KINDS), word(total["asset"], where + " asset")
        counts = [count(total[name], f"{where} {name}") for name in counted]
        if key not in expected or key in found:
            raise WrongError(f"{where}, {shown(key)}, is of nothing in the statement, or twice")
        found[key] = (level_of(total, where), *counts)
        same(f"{where}, {shown(key)}", expected[key], found[key])
    if list(found) != sorted(expected):
        raise WrongError(f"totals are not those of {shown(sorted(expected))}")


def _check_coverage(told: dict[str, Any], lines: list[Line]) -> None:
    counted = [line for line in lines if line.standing == "counted"]
    coverages = [line.coverage for line in counted]
    expected = {"accounts": len(lines), "counted": len(counted)}
    expected.update({name: coverages.count(name) for name in COVERAGES})
    if "partial" in FORMATS[told["format"]]:
        expected["partial"] = sum(line.wallets == "some" for line in counted)
    found = fields(told["coverage"], expected, "coverage")
    for name, number in expected.items():
        same("coverage " + name, number, count(found[name], "coverage " + name))


def _check_figures(told: dict[str, Any], lines: list[Line]) -> None:
    text = "".join(part + "\n" for part in _figures(told, lines))
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    same("figures", digest, told["figures"])


def _figures(told: dict[str, Any], lines: list[Line]) -> Iterator[str]:
    yield told["format"]
    yield "at " + told["at"]
    for line in lines:
        seen = "-" if line.seen_at is None else written(line.seen_at)
        wallets = f" {line.wallets}" if line.wallets else ""
        source = f" {line.source}" if line.source else ""
        yield (
            f"account {line.uid} {line.environment} {line.coverage} {line.standing}"
            f"{wallets}{source}"
        )
        yield f"called {json.dumps(line.name)} of {json.dumps(line.owner)}"
        yield f"seen {seen} every {line.interval} s"
        for held in line.holdings:
            yield f"holds {held.kind} {json.dumps(held.asset)} {' '.join(map(str, held.level))}"
    where = places(told)
    for (kind, asset), (level, *counts) in sorted(sums(told, lines).items()):
        numbers = " ".join(map(str, (*level, *counts)))
        there = " " + ",".join(where.get((kind, asset), ())) if where else ""
        yield f"total {kind} {json.dumps(asset)} {numbers}{there}"


def written(when: datetime) -> str:
    """Return an instant as canonical texts have it."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# Saying it.


def read_file(path: Path) -> bytes:
    """Return the bytes of a file of bearable size."""
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise WrongError("it is too large")
        return path.read_bytes()
    except OSError as error:
        raise WrongError(f"it cannot be read: {error.strerror}") from None


def said(report: Report, anchors: list[Anchor]) -> Iterator[str]:
    """Yield what was found, line by line."""
    yield from ("WRONG " + text for text in report.wrong)
    if report.at is None:
        yield "NOT OK: it is no statement that can be checked."
        return
    yield f"Statement as of {written(report.at)}: {len(report.lines)} accounts without a fault."
    if not report.wrong:
        yield from _shown(report, anchors)
    yield from ("OPEN " + text for text in report.notes)
    yield from (NEVER if anchors else NEVER + "\n" + WITHOUT).split("\n")
    if report.wrong:
        yield f"NOT OK: {len(report.wrong)} wrong, {len(report.notes)} open."
        return
    yield _covered(report, anchors)
    yield f"OK: 0 wrong, {len(report.notes)} open."


def _shown(report: Report, anchors: list[Anchor]) -> Iterator[str]:
    known = [line for line in report.lines if line.coverage != "unknown"]
    yield "This check shows:"
    yield f"- the amounts of {len(known)} accounts are all that their answers say;"
    yield "- totals and coverage follow from the accounts, and links from their texts;"
    for number, anchor in enumerate(anchors):
        met = [one[number] for one in report.met]
        text = (
            f"- {shown(anchor.name)}, made at {written(anchor.at)}, holds the snapshots of"
            f" {sum(one.holds for one in met)} accounts and shows of"
            f" {sum(one.closes for one in met)} that they were the newest at the cut-off;"
        )
        beyond = sum(one.beyond > 0 for one in met)
        if beyond:
            text += f" of {beyond} it counts more snapshots than this statement gives;"
        yield text


def _covered(report: Report, anchors: list[Anchor]) -> str:
    """Return what OK means, in one sentence."""
    if not anchors:
        return "OK means that the statement fits together. Without an anchor it proves no more."
    closed = sum(any(one.closes for one in met) for met in report.met)
    return (
        f"OK means that of {closed} of {len(report.lines)} accounts the anchors prove what was"
        " the newest answer at the cut-off. The open points above are not covered."
    )


def main(arguments: list[str] | None = None) -> int:
    """Check one statement; return the exit code."""
    parser = argparse.ArgumentParser(description="Check a statement of Qredo Dash.")
    parser.add_argument("statement", type=Path)
    parser.add_argument("--anchor", type=Path, action="append", default=[], metavar="FILE")
    options = parser.parse_args(arguments)
    anchors: list[Anchor] = []
    wrong: list[str] = []
    for path in options.anchor:
        _noted(wrong, shown(path.name), lambda path: anchors.append(anchor_of(path)), path)
    try:
        report = verify(read_file(options.statement), anchors)
    except WrongError as error:
        report = Report([str(error)], [], [], None, [])
    report.wrong[:0] = wrong
    sys.stdout.write("".join(line + "\n" for line in said(report, anchors)))
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
