"""Answers that were not understood: what is kept of them, for how long, and who may have it."""

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

import qredo
from accounts.models import Account
from balances.lifecycle import ownership
from balances.models import Holding, RejectedAnswer
from balances.polling import claims, recording, refreshes
from balances.polling.results import Failure, Result
from tests.conftest import Cast, Simulator
from tests.support import acts, props
from tests.support.history import (
    StoppedClock,
    at,
    claimed,
    coins,
    delivered,
    failed,
    keyless,
    seen,
    words,
)
from tests.support.markup import shown
from tests.support.servers.qredo_server import Answer, QredoServer

ODD = Failure("not_understood", "BTC has no `total`.", evidence=None)
MAX = 65_536


def sent(body: bytes, failure: Failure = ODD) -> Failure:
    """Return how a poll ends to which this was the answer."""
    evidence = qredo.Evidence(body[:MAX], hashlib.sha256(body).digest(), len(body))
    return replace(failure, evidence=evidence)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(11))


@pytest.fixture
def account(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """Seen at 10:00, not understood at 10:05."""
    account = keyless("Custody", at(10))
    seen(account, at(10), BTC=coins(100))
    failed(account, at(10, 5), sent(b'{"assets":{"BTC":{}}}'))
    return account


@pytest.fixture
def upstream(settings: Any) -> Iterator[QredoServer]:
    with QredoServer().running() as server:
        settings.QREDO_GIVEN_URLS = dict.fromkeys(settings.QREDO_GIVEN_URLS, server.url)
        yield server


def address(account: Account) -> str:
    return reverse("account-rejected", args=[account.uid])


def kept(account: Account) -> list[tuple[bytes, int, int]]:
    """Return the digests that are kept of an account, with the minutes of first and last."""
    found = RejectedAnswer.objects.filter(account=account).order_by("last_at")
    return [(bytes(one.digest)[:1], one.first_at.minute, one.last_at.minute) for one in found]


def digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:1]


def test_nothing_else_changes(account: Account) -> None:
    assert words(account) == [("fresh", "", 1), ("failed", "not_understood", 1)]
    assert Holding.objects.get(account=account).total == 100
    assert kept(account) == [(digest(b'{"assets":{"BTC":{}}}'), 5, 5)]


def test_the_page_says_what_and_where_and_hands_out_the_bytes(
    account: Account, cast: Cast, browser_of: Any
) -> None:
    operator: Client = browser_of(cast.operator)
    page = shown(operator, "account", account)
    assert "Not understood" in page.text
    assert "10:05 UTC The answer was not understood BTC has no `total`." in page.text
    (link,) = (a for a in page.all("a") if address(account) in a.attributes.get("href", ""))
    answer = operator.get(link.attributes["href"])
    assert answer.content == b'{"assets":{"BTC":{}}}'
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="rejected-2026')
    assert operator.get(address(account)).content == answer.content


@pytest.mark.parametrize("query", ["ff" * 32, "f", "<b>", "\0"])
def test_no_other_digest_leads_to_bytes(
    account: Account, cast: Cast, browser_of: Any, query: str
) -> None:
    assert browser_of(cast.admin).get(address(account), {"digest": query}).status_code == 404


@pytest.mark.parametrize("who", ["viewer", "auditor"])
def test_who_only_reads_is_told_what_but_not_given_the_bytes(
    account: Account, cast: Cast, browser_of: Any, who: str
) -> None:
    browser: Client = browser_of(getattr(cast, who))
    page = shown(browser, "account", account)
    assert "BTC has no `total`." in page.text
    assert not [a for a in page.all("a") if address(account) in a.attributes.get("href", "")]
    refusal = browser.get(address(account))
    assert refusal.status_code == 403
    assert "<b>operator</b>" in refusal.content.decode()


def test_a_new_owner_gets_nothing_that_came_before(
    account: Account, cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    ownership.transfer(account, cast.other, by=None)
    theirs: Client = browser_of(cast.stranger)
    assert theirs.get(address(account)).status_code == 404
    assert not shown(theirs, "account", account).all("section", id="rejected")
    clock.now = at(11, 10)
    failed(account, at(11, 5), sent(b"[]"))
    assert theirs.get(address(account)).content == b"[]"
    old = {"digest": hashlib.sha256(b'{"assets":{"BTC":{}}}').hexdigest()}
    assert theirs.get(address(account), old).status_code == 404
    assert browser_of(cast.admin).get(address(account)).status_code == 404


def test_the_same_bytes_are_kept_once(account: Account) -> None:
    failed(account, at(10, 10), sent(b"[]"))
    failed(account, at(10, 15), sent(b'{"assets":{"BTC":{}}}'))
    assert kept(account) == [
        (digest(b"[]"), 10, 10),
        (digest(b'{"assets":{"BTC":{}}}'), 5, 15),
    ]


def test_the_newest_few_an_account_are_kept(account: Account, settings: Any) -> None:
    settings.REJECTED_BYTES_KEPT = 2
    other = keyless("Other", at(10))
    failed(other, at(10), sent(b"1"))
    for minute, body in ((10, b"1"), (15, b"2"), (20, b"1"), (25, b"3")):
        failed(account, at(10, minute), sent(body))
    assert kept(account) == [(digest(b"1"), 10, 20), (digest(b"3"), 25, 25)]
    assert kept(other) == [(digest(b"1"), 0, 0)]


def test_accounts_of_one_chunk_do_not_push_each_other_out(account: Account, settings: Any) -> None:
    settings.REJECTED_BYTES_KEPT = 1
    accounts = [account, keyless("Other", at(10, 10))]
    due = claims.claim_due(limit=2, now=at(10, 10))
    results = [Result(claim.account_id, claim.token, sent(b"[]")) for claim in due]
    recording.record(results, now=at(10, 10))
    assert [kept(one) for one in accounts] == [[(digest(b"[]"), 10, 10)]] * 2


def test_nothing_is_kept_where_nobody_wants_it(account: Account, settings: Any) -> None:
    settings.REJECTED_BYTES_KEPT = 0
    failed(account, at(10, 10), sent(b"[]"))
    assert kept(account) == []


def test_of_what_is_tried_again_every_answer_is_kept(account: Account) -> None:
    passing = Failure("not_json", "A web page.", permanent=False)
    failed(account, at(10, 10), sent(b"<html>", passing))
    assert words(account)[-1] == ("failed", "not_understood", 1)
    assert kept(account)[-1] == (digest(b"<html>"), 10, 10)


def test_an_answer_whose_claim_is_gone_leaves_nothing(account: Account) -> None:
    claim = claimed(account, at(10, 10))
    delivered(claim, sent(b"[]"), at(10, 10))
    assert delivered(claim, sent(b"{}"), at(10, 10, 1)) == []
    assert digest(b"{}") not in [found for found, _, _ in kept(account)]


@pytest.mark.parametrize(
    ("fault", "told", "reason"),
    [
        ("raw_assets", {"assets": '{"BTC":{"total":1.5}}'}, "not_understood"),
        ("html200", {}, "not_json"),
        ("bomb", {}, "too_large"),
    ],
)
def test_every_kind_of_answer_that_was_rejected_is_kept(
    custody: Account, simulator: Simulator, fault: str, told: dict[str, str], reason: str
) -> None:
    simulator.fails("Custody", fault, **told)
    (record,) = refreshes.refresh_now([custody])
    one = RejectedAnswer.objects.get(account=custody)
    assert (record.reason, one.reason, one.detail) == (reason, reason, record.detail)
    assert one.size > 0


def test_what_an_upstream_echoes_of_our_request_is_blotted_out(
    cast: Cast,
    upstream: QredoServer,
    browser_of: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    key_id, secret = upstream.new_key()
    account = props.enrolled((key_id, secret), "Echo", cast.fund)
    upstream.answers[key_id] = lambda: Answer(
        json.dumps({"assets": {v: {} for _, v in upstream.requests[-1].headers}}).encode()
    )
    caplog.set_level(logging.DEBUG)
    refreshes.refresh_now([account])
    request = dict(upstream.requests[-1].headers)
    operator: Client = browser_of(cast.operator)
    body = operator.get(address(account)).content.decode()
    assert "application/json" in body
    one = RejectedAnswer.objects.get()
    for private in (request["qredo-api-sig"], secret):
        for text in (body, one.detail, caplog.text, shown(operator, "account", account).text):
            assert private[:16] not in text
    assert key_id not in body + one.detail + caplog.text


def test_who_takes_an_answer_away_is_on_record(
    cast: Cast, account: Account, browser_of: Any
) -> None:
    browser: Client = browser_of(cast.operator)
    before = acts.words(cast.fund)
    assert browser.head(address(account)).status_code == 200
    assert acts.words(cast.fund) == before
    assert browser.get(address(account)).status_code == 200
    act = acts.last(cast.fund)
    assert (act.act, act.who, act.object_label) == (
        "export.answer", cast.operator.email, account.label,
    )  # fmt: skip
    newest = RejectedAnswer.objects.filter(account=account).latest("last_at")
    assert act.after["digest"] == bytes(newest.digest).hex()
