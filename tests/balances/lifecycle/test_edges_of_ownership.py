"""What lies at the very edge of an owner's time, and what came between two times of one owner."""

import csv
import hashlib
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

import qredo
from accounts.models import Account, User
from balances.core.instants import iso
from balances.lifecycle import ownership
from balances.polling.results import Failure
from tests.conftest import Cast
from tests.support import props
from tests.support.evidence.statements import account as account_of
from tests.support.evidence.statements import found
from tests.support.evidence.tampered import History, a_history
from tests.support.history import StoppedClock, at, coins, failed, given_away, keyless, seen
from tests.support.markup import shown

ODD = Failure("not_understood", "BTC has no `total`.", evidence=None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(11))


@pytest.fixture
def turned(cast: Cast, clock: StoppedClock) -> Account:
    """The fund's until 10:12, Other's until 10:15, when 2.00 were seen, and the owner's since."""
    account = given_away("Custody", cast.other, clock)
    clock.now = at(11)
    ownership.transfer(account, cast.owner, by=None, at=at(10, 15))
    return account


def file_of_changes(user: User, account: Account | None) -> list[tuple[str, str]]:
    """Return time and total of each line of the file of every change, of one account or of all."""
    name, args = ("account-series-csv", [account.uid]) if account else ("series-csv", [])
    # Who has given it away reads of its past as of then.
    span = {"from": "2026-03-02T09:00", "to": "2026-03-02T10:50", "range": "custom"}
    query = {"asset": "BTC", "every": "change", **span}
    answer = props.signed_in(user).get(reverse(name, args=args), query)
    assert answer.status_code == 200, answer.content
    lines = list(csv.DictReader(answer.getvalue().decode("utf-8-sig").splitlines()))
    return [(line["at"][11:19], line["total"]) for line in lines]


def statement_of(user: User, cutoff: datetime) -> dict[str, Any]:
    answer: Any = props.signed_in(user).get(reverse("statement-json"), {"at": iso(cutoff)})
    told: dict[str, Any] = json.loads(b"".join(answer.streaming_content))
    return told


def test_a_change_at_the_instant_of_a_turn_is_in_the_new_owner_s_file_alone(
    turned: Account, cast: Cast
) -> None:
    assert file_of_changes(cast.viewer, None) == [("10:00:00", "1.00"), ("10:10:00", "1.50")]
    assert file_of_changes(cast.stranger, None) == [("10:12:00", "1.50")]
    for account in (None, turned):
        assert file_of_changes(cast.owner, account) == [("10:15:00", "2.00")]


def test_a_snapshot_at_the_instant_of_a_turn_is_in_the_new_owner_s_statement_alone(
    turned: Account, cast: Cast
) -> None:
    theirs = account_of(statement_of(cast.stranger, at(10, 14)), turned.label)
    texts = theirs["snapshots"]["texts"] + theirs["runs"]["texts"]
    assert "10:15" not in "".join(texts)
    assert theirs["snapshots"]["ends"] == "edge"
    told = statement_of(cast.owner, at(10, 16))
    mine = account_of(told, turned.label)
    assert any("observed 2026-03-02T10:15" in text for text in mine["snapshots"]["texts"])
    assert found(told) == []


@pytest.mark.parametrize("minute", [12, 13, 16])
def test_the_text_of_a_run_that_covers_a_turn_is_withheld_from_the_new_owner(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, minute: int
) -> None:
    history: History = a_history(cast, monkeypatch)
    told = statement_of(cast.stranger, at(11, minute))
    runs = account_of(told, "Custody")["runs"]
    # The run that began at 11:00 tells of polls of the fund's time, which ended at 11:12.
    assert (runs["texts"], runs["ends"]) == ([], "before")
    assert "2026-03-02T11:00" not in json.dumps(runs)
    assert found(told) == []
    ours = account_of(statement_of(cast.viewer, at(11, 10)), "Custody")
    assert ours["runs"]["ends"] == "edge"
    assert history.account.label == "Custody"


def sent(body: bytes) -> Failure:
    """Return how a poll ends to which this was the answer."""
    evidence = qredo.Evidence(body, hashlib.sha256(body).digest(), len(body))
    return replace(ODD, evidence=evidence)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def test_rejected_answers_of_a_time_in_between_are_nothing_of_who_got_the_account_back(
    cast: Cast, clock: StoppedClock
) -> None:
    account = keyless("Custody", at(10))
    seen(account, at(10), BTC=coins(100))
    failed(account, at(10, 5), sent(b'{"first":"ours"}'))
    clock.now = at(10, 6)
    ownership.transfer(account, cast.other, by=None)
    clock.now = at(10, 21)
    failed(account, at(10, 20), sent(b'{"then":"theirs"}'))
    ownership.transfer(account, cast.fund, by=None)
    ours, theirs = props.signed_in(cast.operator), props.signed_in(cast.stranger)

    def statuses(browser: Client) -> list[int]:
        path = reverse("account-rejected", args=[account.uid])
        bodies = (b'{"first":"ours"}', b'{"then":"theirs"}', b'{"last":"ours"}')
        return [browser.get(path, {"digest": digest(body)}).status_code for body in bodies]

    assert statuses(ours) == [404, 404, 404]
    assert not shown(ours, "account", account).all("section", id="rejected")
    clock.now = at(10, 41)
    failed(account, at(10, 40), sent(b'{"last":"ours"}'))
    # Of the present time of the owner, and of no time before it.
    assert statuses(ours) == [404, 404, 200]
    page = shown(ours, "account", account)
    assert digest(b'{"then":"theirs"}')[:12] not in page.text
    assert digest(b'{"last":"ours"}')[:12] in page.text
    assert statuses(theirs) == [404, 404, 404]
