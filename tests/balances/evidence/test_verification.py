"""Whatever somebody does to the history behind the application's back is found and named."""

from io import StringIO

import pytest
from django.core.management import call_command

from accounts.models import Organization
from balances.core import sql
from balances.evidence.verification import snapshots
from balances.evidence.verification.verify import verify
from balances.models import Change, Pause
from tests.conftest import Cast
from tests.support.evidence.tampered import CASES, History, a_history, found
from tests.support.evidence.tampered_beside import BESIDE
from tests.support.evidence.tampering import alter_change, alter_run, undone
from tests.support.history import at


@pytest.fixture
def history(cast: Cast, monkeypatch: pytest.MonkeyPatch, as_owner: None) -> History:  # noqa: ARG001
    return a_history(cast, monkeypatch)


def test_a_varied_history_verifies(history: History) -> None:
    report = verify()
    assert report.findings == []
    assert (report.snapshots, report.runs) == (10, 8)
    flags = {c.holding.asset: c.flags for c in Change.objects.filter(snapshot=history.snapshot(3))}
    assert flags == {"ETH": ["scale_changed"]}
    assert history.change(4, "ETH").flags == ["vanished"]
    assert history.change(5, "BTC").flags == ["identity"]
    assert history.snapshot(6).flags == ["emptied"]


def test_everything_that_is_tampered_with_is_found_and_named(history: History) -> None:
    fund = Organization.objects.get(name="Fund").pk
    missed = {}
    for name, (act, slot, field) in (CASES | BESIDE).items():
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


@pytest.mark.parametrize("command", ["verify_history", "rebuild_rollups"])
def test_a_history_may_take_longer_to_read_than_a_page(history: History, command: str) -> None:  # noqa: ARG001
    # A millisecond is too little for this one, as a page's limit is for one of millions of changes.
    sql.count("SET statement_timeout = 1")
    call_command(command, stdout=StringIO())
