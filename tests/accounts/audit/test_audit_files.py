"""A log as a file: everything that a reader needs to verify it, streamed, and itself an act."""

import csv
import hashlib
import io
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.audit import objects, reading
from accounts.audit.recording import record
from accounts.models import Account, Act
from accounts.shared.csv_cells import text_cell
from balances.lifecycle import pausing
from tests.conftest import Cast
from tests.security.test_inert import FORMULA_SIGNS, FORMULAS
from tests.support import acts, props


@pytest.fixture
def auditor(cast: Cast, custody: Account, browser_of: Any) -> Client:
    """The fund's auditor, after some acts of the fund."""
    pausing.pause(custody, by=cast.admin)
    pausing.resume(custody, by=None)
    browser: Client = browser_of(cast.auditor)
    return browser


def file(browser: Client, ending: str, **query: str) -> str:
    answer: Any = browser.get(reverse(f"audit-{ending}"), query)
    assert answer.status_code == 200
    assert answer.streaming
    assert answer.headers["Content-Disposition"] == f'attachment; filename="audit.{ending}"'
    assert answer.headers["Cache-Control"] == "no-store, private"
    return b"".join(answer.streaming_content).decode("utf-8-sig" if ending == "csv" else "utf-8")


def rows(browser: Client, **query: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file(browser, "csv", **query))))


def quoted(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def link(before: bytes, act: dict[str, Any]) -> bytes:
    """Compute a link as the document says, from a file alone."""
    lines = [
        "qredo-dash act 1",
        f"log {act['log']}",
        f"number {act['number']}",
        f"at {act['at']}",
        f"who {act['who_kind']} {act['who_id'] or '-'} {quoted(act['who'])}",
        f"act {act['act']}",
        f"object {act['object_kind']} {quoted(act['object_uid'])} {quoted(act['object_label'])}",
        f"from {quoted(act['address'])} {quoted(act['agent'])}",
        f"before {quoted(act['before'])}",
        f"after {quoted(act['after'])}",
    ]
    return hashlib.sha256(before + "".join(f"{line}\n" for line in lines).encode()).digest()


@pytest.mark.parametrize("chunk", [1, 2, 5, 6, 500])
def test_a_whole_log_verifies_from_its_file_alone(
    auditor: Client, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(reading, "CHUNK", chunk)
    found = json.loads(file(auditor, "json"))
    assert [act["number"] for act in found] == [5, 4, 3, 2, 1]
    told = bytes(32)
    for act in reversed(found):
        told = link(told, act)
        assert told.hex() == act["chain"]
    assert [row["chain"] for row in rows(auditor)][1:] == [act["chain"] for act in found]


def test_an_export_is_an_act_and_not_in_its_own_file(cast: Cast, auditor: Client) -> None:
    query = {"act": "account.paused", "from": "2020-01-01T00:00"}
    assert [row["act"] for row in rows(auditor, **query)] == ["account.paused"]
    act = acts.last(cast.fund)
    assert (act.act, act.who, act.object_label) == ("export.audit", "auditor@example.com", "Fund")
    assert acts.told(act) == ({}, {"format": "csv", **query})
    assert "export.audit" not in file(auditor, "json", act="account.added")
    newest, *_ = json.loads(file(auditor, "json"))
    assert (newest["act"], newest["after"]["format"]) == ("export.audit", "json")
    assert newest["after"]["act"] == "account.added"


def test_only_asking_for_the_head_of_a_file_exports_nothing(cast: Cast, auditor: Client) -> None:
    for name in ("audit-csv", "audit-json"):
        assert auditor.head(reverse(name)).content == b""
    assert acts.words(cast.fund)[-1] == "sign_in"


def test_a_file_of_nothing_is_a_file(auditor: Client) -> None:
    assert rows(auditor, person="nobody@example.com") == []
    assert json.loads(file(auditor, "json", person="nobody@example.com")) == []


@pytest.mark.parametrize("label", FORMULAS)
def test_no_cell_is_a_formula(cast: Cast, auditor: Client, label: str) -> None:
    props.enrolled(("odd-key", "c2VjcmV0" * 8), label, cast.fund)
    auditor.get(reverse("audit"), headers={"user-agent": label})
    headers = {"user-agent": label}
    auditor.get(reverse("audit-json"), {"object": label}, headers=headers)
    table = list(csv.reader(io.StringIO(file(auditor, "csv"))))
    cells = [cell for row in table for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=+-@" and cell]
    assert text_cell(label) in cells
    split = [part for cell in cells for part in re.split(r"[;\t\r\n]", cell)]
    assert not [part for part in split if part.lstrip(' "')[:1] in FORMULA_SIGNS and part.strip()]


def test_a_file_says_nothing_of_another_log(cast: Cast, auditor: Client, foreign: Account) -> None:
    record("person.added", objects.installed(objects.person(cast.owner)), by=None)
    for ending in ("csv", "json"):
        text = file(auditor, ending)
        assert foreign.label not in text
        assert "owner@example.com" not in text
    assert Act.objects.filter(object_label=foreign.label).exists()
