"""The canonical form as the document says it, recomputed with nothing but hashlib."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest

from accounts.chain.hash_chain import Head
from accounts.models import Account
from balances.core.amounts import Level
from balances.evidence.verification.verify import verify
from balances.ledger.chain import Entry, SnapshotFacts, run_text, snapshot_text
from balances.ledger.runs import Run as PlainRun
from balances.lifecycle import pausing
from balances.models import Run, Schedule, Snapshot
from balances.polling import claims, recording, refreshes
from balances.polling.results import Result
from tests.support.history import TIMEOUT, StoppedClock, answer_of, at, claimed, delivered, keyless

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "canonical-form.md"
ACCOUNT = UUID("6f1f9e0a-1b2c-4d3e-8f40-5a6b7c8d9e0f")


@dataclass(frozen=True)
class Vector:
    """What stands in the document: answers, and the text and link of every row."""

    answers: list[bytes]
    texts: list[str]
    links: list[str]


@pytest.fixture(scope="module")
def vector() -> Vector:
    document = DOCUMENT.read_text(encoding="utf-8").partition("## A test vector")[2]
    texts = re.findall(r"```text\n(.*?)```", document, re.DOTALL)
    return Vector(
        answers=[a.encode() for a in re.findall(r"```json\n(.*?)\n```", document, re.DOTALL)],
        texts=[text.replace("·\n", " \n") for text in texts],
        links=re.findall(r"^link: `([0-9a-f]{64})`$", document, re.MULTILINE),
    )


def test_the_links_follow_from_the_texts(vector: Vector) -> None:
    assert len(vector.texts) == len(vector.links) == 4
    for chain in (slice(0, 2), slice(2, 4)):
        link = bytes(32)
        for text, told in zip(vector.texts[chain], vector.links[chain], strict=True):
            link = hashlib.sha256(link + text.encode()).digest()
            assert link.hex() == told


def test_the_payloads_are_the_digests_of_the_answers(vector: Vector) -> None:
    for body, text in zip(vector.answers, vector.texts[:2], strict=True):
        assert f"payload {hashlib.sha256(body).hexdigest()}\n" in text


def test_the_changes_stand_in_the_order_of_code_points(vector: Vector) -> None:
    told = [re.findall(r'^change (".*?") ', text, re.MULTILINE) for text in vector.texts[:2]]
    names = [[json.loads(name) for name in one] for one in told]
    assert names[0] == ["BTC", "\uff21USD", "\U0001f600USD"]  # UTF-16 would turn the last two
    assert names == [sorted(one, key=lambda name: [ord(c) for c in name]) for one in names]


def entry(asset: str, *amounts: int, flags: tuple[str, ...] = ()) -> Entry:
    return Entry(asset, Level(*amounts), flags)


def test_our_texts_are_the_document_s(vector: Vector) -> None:
    first, second = (hashlib.sha256(body).digest() for body in vector.answers)
    late, refreshed = at(10) + timedelta(microseconds=1_500), at(10, 2) + timedelta(microseconds=1)
    changes = [
        entry("\U0001f600USD", 7, 7, 0, 0, 1),
        entry("BTC", 150, 100, 50, 1, 100, flags=("identity",)),
        entry("\uff21USD", 0, 0, 0, 0, 1),
    ]
    snapshots = [
        SnapshotFacts(ACCOUNT, 1, at(10), late, first, [], changes),
        SnapshotFacts(
            ACCOUNT, 2, None, refreshed, second, [],
            [
                entry("\U0001f600USD", 0, 0, 0, 0, 1, flags=("vanished",)),
                entry("BTC", 2**256, 2**256, 1, 0, 10**18, flags=("identity", "scale_changed")),
            ],
        ),
    ]  # fmt: skip
    assert [snapshot_text(facts) for facts in snapshots] == vector.texts[:2]
    fresh = PlainRun("fresh", "", at(10), at(10), 300, 1, late, late, 2)
    failed = PlainRun("failed", "timeout", at(10, 5), at(10, 5), 300, 1)
    paused = at(10, 7, 30)
    runs = [(fresh, at(10, 5)), (failed, paused)]
    texts = [
        run_text(account=ACCOUNT, number=n, run=run, until=until)
        for n, (run, until) in enumerate(runs, 1)
    ]
    assert texts == vector.texts[2:]
    for chain in (slice(0, 2), slice(2, 4)):
        head = Head()
        for text, told in zip(vector.texts[chain], vector.links[chain], strict=True):
            head = head.link(text)
            assert head.digest.hex() == told
        assert head.count == 2


@pytest.mark.django_db
def test_what_is_recorded_has_the_document_s_links(
    vector: Vector, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = StoppedClock(monkeypatch, at(10) + timedelta(microseconds=1_500))
    account = keyless("Custody", at(10))
    Account.objects.filter(pk=account.pk).update(uid=ACCOUNT)
    first, second = (answer_of(body) for body in vector.answers)
    delivered(claimed(account, clock.now), first, clock.now)
    clock.now = at(10, 2) + timedelta(microseconds=1)
    refresh = refreshes.ask(account, by=None)
    claim = claims.claim_refresh(account.pk, refresh.pk, hold=timedelta(seconds=60))
    assert claim is not None
    recording.record([Result(account.pk, claim.token, second)])
    delivered(claimed(account, at(10, 5)), TIMEOUT, at(10, 5))
    clock.now = at(10, 7, 30)
    pausing.pause(account, by=None)
    tables = (Snapshot.objects.all(), Run.objects.all())
    links = [one for t in tables for one in t.order_by("number").values_list("chain", flat=True)]
    assert [bytes(link).hex() for link in links] == vector.links
    heads = Schedule.objects.get()
    assert bytes(heads.snapshot_chain).hex() == vector.links[1]
    assert bytes(heads.run_chain).hex() == vector.links[3]
    assert verify().ok


def test_instants_are_in_utc_to_the_microsecond() -> None:
    local = datetime(2026, 3, 2, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    run = PlainRun("missed", "paused", local, local.astimezone(UTC), 60, 1)
    text = run_text(account=ACCOUNT, number=1, run=run, until=local)
    assert "first 2026-03-01T20:00:00.000000Z\n" in text
    assert "last 2026-03-01T20:00:00.000000Z\n" in text
    assert "observed - -\n" in text


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("BTC", '"BTC"'),
        ("a/b~ c", '"a/b~ c"'),
        ('q"\\', r'"q\"\\"'),
        ("\b\t\n\f\r", r'"\b\t\n\f\r"'),
        ("\x01\x7f\x9f", r'"\u0001\u007f\u009f"'),
        ("é\u2028", r'"\u00e9\u2028"'),
        ("\U0001f600", r'"\ud83d\ude00"'),
    ],
)
def test_an_asset_stays_on_its_line_whatever_its_name(name: str, written: str) -> None:
    facts = SnapshotFacts(ACCOUNT, 1, None, at(10), bytes(32), [], [entry(name, 1, 1, 0, 0, 1)])
    assert snapshot_text(facts).splitlines()[-1] == f"change {written} 1 1 0 0 1 "


def test_a_link_depends_on_everything_before_it() -> None:
    one, other = Head().link("a\n").link("b\n"), Head().link("b\n").link("a\n")
    assert one.count == other.count
    assert one.digest != other.digest
    assert Head().digest == bytes(32)
