"""Statements: what they say as of a cut-off, for whom, and who is told of it."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Environment, Membership
from balances.core.instants import iso
from balances.lifecycle import ownership, pausing
from balances.models import Payload
from tests.conftest import Cast
from tests.support import acts, props
from tests.support.evidence.statements import account, found, notes, statement
from tests.support.evidence.tampered import History, a_history
from tests.support.history import StoppedClock, at, coins, keyless, of_person, seen
from tests.support.markup import Page, read


@pytest.fixture
def history(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> History:
    return a_history(cast, monkeypatch)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(12))


def page_of(browser: Client, when: datetime | str, **narrowed: str) -> Page:
    asked = when if isinstance(when, str) else iso(when)
    answer = browser.get(reverse("statement"), {"at": asked, **narrowed})
    assert answer.status_code == 200
    return read(answer)


def file_of(browser: Client, when: datetime, **narrowed: str) -> dict[str, Any]:
    answer: Any = browser.get(reverse("statement-json"), {"at": iso(when), **narrowed})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.status_code == 200
    told: dict[str, Any] = json.loads(b"".join(answer.streaming_content))
    return told


def holdings(told: dict[str, Any], label: str) -> dict[str, list[str]]:
    return {one["asset"]: one["base_units"] for one in account(told, label)["holdings"]}


def test_it_holds_what_was_held_at_the_cut_off_and_not_what_came_after(
    history: History, browser_of: Any
) -> None:
    browser = browser_of(history.cast.viewer)
    told = file_of(browser, at(10, 20))
    both = {"BTC": ["150", "100", "50", "0"], "ETH": ["25", "25", "0", "0"]}
    assert holdings(told, "Custody") == both
    assert account(told, "Custody")["coverage"] == "fresh"
    counts = ("accounts", "fresh", "holders", "fresh_holders")
    assert [(t["asset"], t["total"], *(t[name] for name in counts)) for t in told["totals"]] == [
        ("BTC", "1.52", 2, 2, 2, 2),
        ("ETH", "2.5", 2, 2, 1, 1),
        ("SOL", "0.04", 2, 2, 1, 1),
    ]
    assert page_of(browser, at(10, 20)).amounts()[:4] == ["1.52", "1.02", "0.50", "0.00"]
    later = file_of(browser, at(10, 50))
    assert (holdings(later, "Custody"), account(later, "Custody")["coverage"]) == (
        {"BTC": ["7", "7", "0", "0"]},
        "carried",
    )


def test_page_and_file_have_the_same_digest_whoever_makes_them_whenever(
    history: History, browser_of: Any
) -> None:
    told = file_of(browser_of(history.cast.viewer), at(10, 20))
    history.clock.now = at(15)
    page = page_of(browser_of(history.cast.auditor), at(10, 20))
    assert told["figures"] in page.text
    assert told["figures"] not in page_of(browser_of(history.cast.auditor), at(10, 4)).text


def test_what_was_not_seen_yet_is_unknown_and_in_no_total(
    history: History, browser_of: Any
) -> None:
    keyless("Empty", at(23))
    told = file_of(browser_of(history.cast.viewer), at(9, 59))
    assert {a["coverage"] for a in told["accounts"]} == {"unknown"}
    assert told["totals"] == []
    assert told["coverage"]["unknown"] == 3
    page = page_of(browser_of(history.cast.viewer), at(9, 59))
    assert "unknown, not zero, and in no total" in page.text
    assert page.amounts() == []
    # That Custody was unknown follows from its first snapshot, that Empty was does not.
    assert found(told) == []
    assert [note[:36] for note in notes(told)] == [account(told, "Empty")["account"]]


def test_what_did_not_count_or_was_archived_is_listed_and_in_no_total(
    cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    for label in ("Vault", "Copy", "Old"):
        seen(keyless(label, at(10)), at(10), BTC=coins(100))
    copy, old = Account.objects.get(label="Copy"), Account.objects.get(label="Old")
    ownership.count(copy, counted=False, by=cast.admin, at=at(9))
    clock.now = at(13)
    pausing.archive(old, by=cast.admin)
    clock.now = at(15)
    before = file_of(browser_of(cast.viewer), at(12, 30))
    after = file_of(browser_of(cast.viewer), at(14))
    assert [t["total"] for t in (before["totals"] + after["totals"])] == ["2.00", "1.00"]
    assert [a["standing"] for a in after["accounts"]] == ["not counted", "archived", "counted"]
    page = page_of(browser_of(cast.viewer), at(14))
    assert "Does not count: in no total" in page.text
    assert "Archived: in no total" in page.text
    assert found(after) == found(before) == []


def test_test_money_is_totalled_apart(cast: Cast, browser_of: Any) -> None:
    names = {"BTC": coins(100), "BTC-TESTNET": coins(7)}
    seen(keyless("Real", at(10)), at(10), **names)
    rehearsal = keyless("Rehearsal", at(10))
    Account.objects.filter(pk=rehearsal.pk).update(environment=Environment.SANDBOX)
    seen(rehearsal, at(10), BTC=coins(500))
    told = file_of(browser_of(cast.viewer), at(11))
    assert [(t["kind"], t["asset"], t["total"]) for t in told["totals"]] == [
        ("production", "BTC", "1.00"),
        ("testnet", "BTC", "5.00"),
        ("testnet", "BTC-TESTNET", "0.07"),
    ]
    assert "Totals of testnet assets, worthless" in page_of(browser_of(cast.viewer), at(11)).text
    assert found(told) == []


def test_who_owned_it_at_the_cut_off_sees_it_and_nobody_else(
    history: History, browser_of: Any
) -> None:
    """The account went from the fund to the other organization at 11:12."""
    fund, other = browser_of(history.cast.viewer), browser_of(history.cast.stranger)
    uid = str(history.account.uid)
    for browser, when, is_theirs in (
        (fund, at(11, 7), True),
        (fund, at(11, 20), False),
        (other, at(11, 7), False),
        (other, at(11, 20), True),
    ):
        told = file_of(browser, when)
        assert (uid in [a["account"] for a in told["accounts"]]) == is_theirs
        assert (uid in page_of(browser, when).text) == is_theirs


def test_no_path_leads_into_the_time_of_another_owner(history: History, browser_of: Any) -> None:
    ours = account(file_of(browser_of(history.cast.viewer), at(11, 7)), "Custody")
    texts = ours["snapshots"]["texts"] + ours["runs"]["texts"]
    # Snapshots 5 to 7; the one of 11:15, with 0.11 BTC, is the new owner's.
    assert [t.split("\n")[2] for t in ours["snapshots"]["texts"]] == ["number 6", "number 7"]
    assert ours["snapshots"]["ends"] == ours["runs"]["ends"] == "edge"
    assert "11:15" not in "".join(texts)
    theirs = file_of(browser_of(history.cast.stranger), at(11, 16))
    told = account(theirs, "Custody")
    assert [t.split("\n")[2] for t in told["snapshots"]["texts"]] == ["number 8"]
    assert not any("first 2026-03-02T10" in text for text in told["runs"]["texts"])
    assert found(theirs) == []


def test_what_the_owner_before_no_longer_had_is_not_told(
    cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    given = keyless("Given", at(10))
    seen(given, at(10), SECRET=coins(5), BTC=coins(100))
    seen(given, at(10, 5), BTC=coins(200))
    ownership.transfer(given, cast.other, by=cast.admin)
    clock.now = at(14)
    told = file_of(browser_of(cast.stranger), at(13))
    assert holdings(told, "Given") == {"BTC": ["200", "200", "0", "0"]}
    assert "SECRET" not in json.dumps(told)
    assert account(told, "Given")["snapshots"]["ends"] == "before"
    # The verifier does not pass over amounts that have no evidence.
    assert [text for text in found(told) if "NOT PROVEN" in text] == found(told) != []


@pytest.mark.parametrize("who", ["admin", "operator", "viewer", "auditor"])
def test_every_member_makes_statements_of_the_organization(
    history: History, browser_of: Any, who: str
) -> None:
    told = file_of(browser_of(getattr(history.cast, who)), at(10, 20))
    assert [a["label"] for a in told["accounts"]] == ["Custody", "Trading"]


@pytest.mark.parametrize("who", ["stranger", "owner", "superuser", "former"])
def test_who_has_no_part_in_it_gets_a_statement_of_nothing(
    history: History, browser_of: Any, who: str
) -> None:
    browser = browser_of(getattr(history.cast, who))
    told = file_of(browser, at(10, 20))
    assert (told["accounts"], told["totals"], found(told)) == ([], [], [])
    page = page_of(browser, at(10, 20))
    assert page.amounts() == []
    assert "Custody" not in page.text


def test_a_share_shows_a_personal_account_until_it_is_withdrawn(
    cast: Cast, browser_of: Any
) -> None:
    mine = of_person("Mine", cast.owner)
    seen(mine, at(10), BTC=coins(100))
    reader = browser_of(cast.reader)
    assert file_of(reader, at(11))["accounts"] == []
    props.shared(mine, cast.reader)
    assert holdings(file_of(reader, at(11)), "Mine") == {"BTC": ["100", "100", "0", "0"]}
    mine.shares.all().delete()
    assert file_of(reader, at(11))["accounts"] == []


def test_who_left_the_organization_sees_nothing_of_its_past(
    history: History, browser_of: Any
) -> None:
    browser = browser_of(history.cast.viewer)
    Membership.objects.filter(user=history.cast.viewer).delete()
    assert file_of(browser, at(10, 20))["accounts"] == []


def test_it_is_about_the_accounts_that_were_chosen(history: History, browser_of: Any) -> None:
    browser = browser_of(history.cast.viewer)
    history.other.tags.create(name="desk")
    told = file_of(browser, at(10, 20), tag="desk")
    assert [a["label"] for a in told["accounts"]] == ["Trading"]
    assert [t["total"] for t in told["totals"]] == ["0.02", "0.04"]
    assert told["chosen"] == {"tag": "desk"}
    assert "Custody" not in page_of(browser, at(10, 20), tag="desk").text
    assert found(told) == []


def test_statements_are_on_record_with_the_owners_of_the_cut_off(
    history: History, browser_of: Any
) -> None:
    cast = history.cast
    browser = browser_of(cast.auditor)
    for name in ("statement", "statement-json"):
        browser.head(reverse(name), {"at": iso(at(10, 20))})
    before = len(acts.acts_of(cast.other))
    page_of(browser, at(10, 20))
    file_of(browser, at(10, 20))
    viewed, exported = acts.acts_of(cast.fund)[-2:]
    assert (viewed.act, viewed.who, viewed.after) == (
        "statement.viewed",
        "auditor@example.com",
        {"accounts": 2},
    )
    assert (exported.act, exported.after) == (
        "statement.exported",
        {"accounts": 2, "format": "json"},
    )
    assert viewed.object_label == exported.object_label == "2026-03-02T10:20:00.000000Z"
    # Whose account it is today was not concerned then.
    assert len(acts.acts_of(cast.other)) == before


def test_a_statement_of_nothing_is_nobodys_affair(cast: Cast, browser_of: Any) -> None:
    page_of(browser_of(cast.superuser), at(10, 20))
    assert acts.words(cast.fund) == []


@pytest.mark.usefixtures("as_owner")
def test_a_damaged_answer_is_given_as_it_is_and_found(history: History) -> None:
    Payload.objects.filter(pk=history.snapshot(2).payload_id).update(body=b"no zlib")
    told = statement(history.cast.viewer, at(10, 20), at(11, 22))
    assert [text.split(": ", 1)[1][:21] for text in found(told)] == ["SHA-256 of the answer"]
