"""The chain of acts as the document says it, and every way to tamper with it found and named."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts.audit import anchors, objects, recording, vocabulary
from accounts.audit.canonical import act_text
from accounts.audit.recording import record, together
from accounts.audit.verification import verify
from accounts.chain.hash_chain import Head
from accounts.models import Act, Organization, User
from balances.core import sql
from balances.tasks import export_heads
from tests.conftest import Cast
from tests.support import acts, canary, props
from tests.support.evidence.tampering import tamper, undone

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "canonical-form.md"
concurrent = pytest.mark.django_db(transaction=True, available_apps=list(project.INSTALLED_APPS))


def in_document() -> tuple[list[str], list[str]]:
    document = DOCUMENT.read_text(encoding="utf-8")
    part = document.partition("### Two acts as a test vector")[2].partition("\n## ")[0]
    texts = re.findall(r"```text\n(.*?)```", part, re.DOTALL)
    return texts, re.findall(r"^link: `([0-9a-f]{64})`$", part, re.MULTILINE)


def test_the_documents_links_follow_from_its_texts() -> None:
    texts, links = in_document()
    assert len(texts) == len(links) == 2
    link = bytes(32)
    for text, told in zip(texts, links, strict=True):
        link = hashlib.sha256(link + text.encode()).digest()
        assert link.hex() == told


def test_our_texts_are_the_documents() -> None:
    common = {
        "log": "organization 6f1f9e0a-1b2c-4d3e-8f40-5a6b7c8d9e0f",
        "object_kind": "account",
        "object_uid": "0d9c5f7e-2b1a-4c3d-9e8f-7a6b5c4d3e2f",
    }
    first = Act(
        **common,
        number=1,
        at=datetime(2026, 3, 2, 10, 0, 0, 1500, UTC),
        who_kind="person",
        who_id=17,
        who="admin@example.com",
        act="account.paused",
        object_label='Zo\xeb "1"',
        address="2001:db8::1",
        agent="Mozilla/5.0 \U0001f600",
        before={"state": "polled"},
        after={"state": "paused"},
    )
    second = Act(
        **common,
        number=2,
        at=datetime(2026, 3, 2, 10, 0, 0, 1501, UTC),
        who_kind="command",
        who="root",
        act="account.added",
        object_label="Custody",
        address="",
        agent="manage.py add_account",
        before={},
        after={"environment": "sandbox", "demo": False},
    )
    texts, links = in_document()
    assert [act_text(first), act_text(second)] == texts
    assert Head().link(texts[0]).link(texts[1]).digest.hex() == links[1]


@pytest.fixture
def logs(cast: Cast, as_owner: None) -> Cast:  # noqa: ARG001
    """Five acts of the fund, two of the other organization."""
    for owner, count in ((cast.fund, 5), (cast.other, 2)):
        for _ in range(count):
            record("organization.added", objects.organization(owner), by=cast.admin)
    return cast


def found(anchor: list[anchors.LogHead] | None = None) -> list[tuple[int | None, str]]:
    report = verify(anchor or ())
    assert {f.log for f in report.findings} <= {act.log for act in Act.objects.all()} | {"gone"}
    return [(finding.number, finding.field) for finding in report.findings]


def change(cast: Cast, number: int, assignment: str, *values: object) -> None:
    statement = f"UPDATE accounts_act SET {assignment} WHERE log = %s AND number = %s"  # noqa: S608
    tamper(statement, *values, acts.log_of(cast.fund), number)


def relink(cast: Cast) -> None:
    """Compute a log anew, as who owns the whole database could."""
    head = Head()
    for act in acts.acts_of(cast.fund):
        change(cast, act.number, "number = %s", head.count + 1)
        act.number = head.count + 1
        head = head.link(act_text(act))
        change(cast, act.number, "chain = %s", head.digest)


CHANGES = [
    "who = 'stranger@example.com'",
    "who_id = who_id + 1",
    "who_kind = 'command', who_id = NULL",
    "act = 'account.paused'",
    "at = at + interval '1 microsecond'",
    "object_kind = 'person'",
    "object_uid = 'x'",
    "object_label = object_label || ' '",
    "address = '203.0.113.9'",
    "agent = 'x'",
    """before = '{"state": null}'""",
    """after = '{"role": "admin"}'""",
    "chain = sha256('x')",
]


@pytest.mark.parametrize("assignment", CHANGES)
def test_a_changed_act_is_found_and_named(logs: Cast, assignment: str) -> None:
    assert found() == []
    change(logs, 3, assignment)
    # The act after it hangs on its link, which is only wrong if that was changed.
    beyond = [(4, "chain")] if assignment.startswith("chain") else []
    assert found() == [(3, "chain"), *beyond]


def delete(cast: Cast, number: int) -> None:
    tamper(
        "DELETE FROM accounts_act WHERE log = %s AND number = %s", acts.log_of(cast.fund), number
    )


def insert(cast: Cast) -> None:
    for number in (5, 4, 3):
        change(cast, number, "number = number + 1")
    names = "at, who_kind, who_id, who, act, object_kind, object_uid, object_label, address, agent"
    tamper(
        f"INSERT INTO accounts_act (log, number, chain, before, after, {names})"  # noqa: S608
        f" SELECT log, 3, chain, before, after, {names.replace('at,', 'at + interval %s,', 1)}"
        " FROM accounts_act WHERE log = %s AND number = 2",
        "1 microsecond",
        acts.log_of(cast.fund),
    )


def reorder(cast: Cast) -> None:
    change(cast, 3, "number = 1000")
    change(cast, 4, "number = 3")
    change(cast, 1000, "number = 4")


def move(cast: Cast) -> None:
    """Give an act to another log."""
    other = acts.log_of(cast.other)
    change(cast, 5, "log = %s, number = 3", other)


TAMPERED: dict[str, tuple[Callable[[Cast], None], list[tuple[int, str]]]] = {
    "deleted": (lambda cast: delete(cast, 3), [(4, "number"), (4, "chain")]),
    "first deleted": (lambda cast: delete(cast, 1), [(2, "number"), (2, "chain")]),
    "inserted": (insert, [(n, "chain") for n in (3, 4, 5, 6)]),
    "reordered": (reorder, [(3, "chain"), (4, "at"), (4, "chain"), (5, "chain")]),
    "moved": (move, [(3, "at"), (3, "chain")]),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_is_taken_out_put_in_or_moved_is_found(logs: Cast, name: str) -> None:
    tampering, expected = TAMPERED[name]
    with undone():
        tampering(logs)
        assert found() == expected
    assert found() == []


def test_two_acts_of_one_instant_are_found_though_their_chain_fits(logs: Cast) -> None:
    """Within a log, later is later; the constraint is the first thing a forger drops."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_act DROP CONSTRAINT act_once_an_instant")
    before = acts.acts_of(logs.fund)[1].at
    change(logs, 3, "at = %s", before)
    relink(logs)
    assert found() == [(3, "at")]


def test_a_cut_tail_and_a_recomputation_are_seen_against_an_anchor_only(
    logs: Cast, tmp_path: Path
) -> None:
    anchors.export(tmp_path / "heads")
    anchor = anchors.read(tmp_path / "heads")
    with undone():
        delete(logs, 5)
        assert (found(), found(anchor)) == ([], [(5, "anchor")])
    with undone():
        change(logs, 2, "who = 'somebody@example.com'")
        relink(logs)
        assert (found(), found(anchor)) == ([], [(5, "anchor")])
    with undone():
        assert sql.count("DELETE FROM accounts_act") == 7
        assert verify().ok
        assert [f.found for f in verify(anchor).findings] == ["gone", "gone"]
    record("organization.added", objects.organization(logs.fund), by=None)
    assert found(anchor) == []


def said(capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[Any, int]:
    code = 0
    try:
        call_command("verify_audit", json=True, **options)
    except CommandError as error:
        code = error.returncode
    text = capsys.readouterr().out
    return (json.loads(text) if text else None), code


def test_the_commands_say_what_they_did(
    logs: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "heads"
    call_command("export_act_heads", str(path))
    assert json.loads(capsys.readouterr().out) == {"file": str(path), "logs": 2}
    told, code = said(capsys)
    assert (code, told["ok"], told["acts"], told["logs"], told["first_bad"]) == (
        0,
        True,
        7,
        2,
        None,
    )
    assert "anchor" in told["unseen"]
    assert said(capsys, anchor=path)[0]["unseen"] is None
    change(logs, 2, "act = 'sign_in'")
    told, code = said(capsys, anchor=path)
    assert (code, told["first_bad"]["number"], told["first_bad"]["field"]) == (1, 2, "chain")
    assert told["first_bad"]["log"] == acts.log_of(logs.fund)
    with pytest.raises(CommandError, match="1 findings"):
        call_command("verify_audit")
    assert f"{acts.log_of(logs.fund)}, act 2 at 2" in capsys.readouterr().out
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_act_heads", str(path))


HEADER = '{"format": "qredo-dash act heads 1", "at": "2026-03-02T10:00:00.000000Z", "logs": 1}\n'
LINE = {"log": "person 1", "acts": 1, "chain": "ab" * 32}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null\n",
        '{"format": "qredo-dash heads 1", "accounts": 0}\n',
        HEADER,
        HEADER + "null\n",
        HEADER + json.dumps(LINE | {"acts": 0}),
        HEADER + json.dumps(LINE | {"acts": True}),
        HEADER + json.dumps(LINE | {"acts": "1"}),
        HEADER + json.dumps(LINE | {"log": 7}),
        HEADER + json.dumps(LINE | {"chain": "AB" * 32}),
        HEADER + json.dumps(LINE | {"more": 1}),
        HEADER + json.dumps(LINE) + "\n" + json.dumps(LINE),
    ],
)
def test_what_is_no_anchor_is_a_usage_error(
    db: None,  # noqa: ARG001
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
) -> None:
    path = tmp_path / "anchor"
    path.write_text(text, encoding="utf-8")
    assert said(capsys, anchor=path) == (None, 2)


def test_the_heads_of_acts_are_exported_daily_beside_those_of_history(
    logs: Cast, tmp_path: Path, settings: Any
) -> None:
    settings.ANCHOR_DIR = tmp_path
    export_heads()
    (first,) = tmp_path.glob("act-heads-*.jsonl")
    written = first.read_bytes()
    record("organization.added", objects.organization(logs.fund), by=None)
    export_heads()
    assert first.read_bytes() == written
    assert verify(anchors.read(first)).ok


def test_what_the_vocabulary_does_not_have_cannot_be_told(cast: Cast) -> None:
    about = objects.person(cast.admin)
    for act, facts in (
        ("key.added", {"secret": canary.TEXT}),
        ("password.changed", {"password": canary.TEXT}),
        ("no.such_act", {}),
    ):
        for side in ("before", "after"):
            with pytest.raises(vocabulary.UnknownActError) as caught:
                record(act, about, by=cast.admin, **{side: facts})
            assert not canary.found_in(str(caught.value))
    assert not Act.objects.exists()


def test_no_word_lets_a_secret_be_told() -> None:
    names = {name for word in vocabulary.VOCABULARY.values() for name in word.tells}
    assert not {name for name in names if re.search("secret|password|token|sealed|code", name)}


def test_what_is_told_is_cut_and_cleaned(cast: Cast) -> None:
    odd = "a\0b\x1b\N{RIGHT-TO-LEFT OVERRIDE}c" + "d" * 500
    record("profile.changed", objects.person(cast.admin), by=None, after={"name": odd})
    assert acts.last(cast.admin).after == {"name": ("abc" + "d" * 500)[:200]}


def half_done(about: objects.Thing) -> None:
    record("organization.added", about, by=None)
    raise ZeroDivisionError


@pytest.mark.usefixtures("db")
def test_an_act_that_is_rolled_back_leaves_no_gap() -> None:
    about = objects.organization(Organization.objects.create(name="Fund"))
    with together():
        record("organization.added", about, by=None)
        with pytest.raises(ZeroDivisionError), together():
            half_done(about)
        record("member.added", about, by=None)
    found = Act.objects.order_by("number")
    assert list(found.values_list("number", "act")) == [
        (1, "organization.added"),
        (2, "member.added"),
    ]


@concurrent
def test_writers_at_once_make_one_chain_and_never_wait_in_a_circle() -> None:
    fund, other = (Organization.objects.create(name=name) for name in ("Fund", "Other"))
    ready, broken = Barrier(6), list[BaseException]()

    def write(order: list[Organization]) -> None:
        try:
            ready.wait()
            for _ in range(8):
                with together():
                    for one in order:
                        record("organization.added", objects.organization(one), by=None)
        except BaseException as error:  # noqa: BLE001 - told by the assertion
            broken.append(error)
        finally:
            connection.close()

    orders = ([fund, other], [other, fund]) * 3
    threads = [Thread(target=write, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    report = verify()
    assert (report.acts, report.logs, report.findings) == (96, 2, [])


@concurrent
def test_one_log_does_not_wait_for_another() -> None:
    fund, other = (Organization.objects.create(name=name) for name in ("Fund", "Other"))
    done = list[str]()

    def write() -> None:
        record("organization.added", objects.organization(other), by=None)
        done.append("written")
        connection.close()

    with together():
        recording._head(acts.log_of(fund))  # this log is locked from here on
        record("organization.added", objects.organization(fund), by=None)
        thread = Thread(target=write)
        thread.start()
        thread.join()  # with one chain for all, the lock's timeout would end it unwritten
    assert done == ["written"]
    assert acts.words(fund) == acts.words(other) == ["organization.added"]


@pytest.mark.usefixtures("db")
def test_times_of_a_log_only_grow_even_if_the_clock_steps_back(as_owner: None) -> None:  # noqa: ARG001
    user: User = props.person("viewer")
    record("sign_in", objects.person(user), by=user)
    tamper("UPDATE accounts_act SET at = '2199-01-01Z'")
    record("sign_out", objects.person(user), by=user)
    first, second = acts.acts_of(user)
    assert (second.at - first.at).total_seconds() == 1e-6
