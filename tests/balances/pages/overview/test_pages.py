"""What pages say: unknown is never zero, test money never counts, states have words."""

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Environment
from balances.lifecycle import pausing
from balances.polling.results import Failure
from tests.support.history import StoppedClock, at, coins, failed, keyless, seen
from tests.support.markup import shown

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 2))


@pytest.fixture
def account(viewer: Client) -> Account:  # noqa: ARG001
    return keyless("Vault", at(10))


def points(viewer: Client, account: Account | None = None, **query: str) -> Any:
    name = "account-series" if account else "series"
    answer = viewer.get(reverse(name, args=[account.uid] if account else []), query)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    return json.loads(answer.content)


def file(viewer: Client, account: Account, **query: str) -> list[dict[str, str]]:
    answer = viewer.get(reverse("account-series-csv", args=[account.uid]), query)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_what_was_never_seen_is_unknown_and_nowhere_zero(viewer: Client, account: Account) -> None:
    overview = shown(viewer, "overview")
    assert "Unknown" in overview.text
    assert "1 unknown and in no total" in overview.text
    page = shown(viewer, "account", account)
    assert "Amounts are unknown: no balance has been seen yet." in page.text
    assert "Waiting for its first poll" in page.text
    assert overview.amounts() == page.amounts() == []
    assert "unknown" in shown(viewer, "accounts").text
    told = points(viewer, account, asset="BTC")
    assert set(told["seen"]) == {"unknown"}
    for name in ("total", "available", "pending_in", "pending_out"):
        assert set(told[name]) == {None}
        assert {row[name] for row in file(viewer, account, asset="BTC")} == {""}


def test_an_unknown_account_counts_in_no_total_and_is_named(
    viewer: Client, account: Account
) -> None:
    seen(account, at(10), BTC=coins(12_345))
    keyless("Newcomer", at(12))
    page = shown(viewer, "overview")
    assert "1 of 2 accounts are fresh, 1 unknown and in no total" in page.text
    assert set(page.amounts()) == {"123.45"}
    told = points(viewer, asset="BTC", range="24h")
    counts = [told[name][-1] for name in ("fresh", "expected", "unknown", "total")]
    assert counts == [1, 2, 1, "123.45"]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("upstream_error", "Vault, Qredo has an error of its own."),
        ("not_json", "Vault, the answer was not JSON."),
    ],
)
def test_a_reason_stands_in_a_sentence_as_it_is_written(
    viewer: Client, account: Account, clock: StoppedClock, reason: str, words: str
) -> None:
    seen(account, at(10), BTC=coins(100))
    for minute in (5, 10, 15):
        failed(account, at(10, minute), Failure(reason, ""))
    clock.now = at(10, 15)
    assert words in shown(viewer, "overview").text.replace(" ,", ",")


def test_an_account_that_holds_nothing_is_known_to(viewer: Client, account: Account) -> None:
    seen(account, at(10))
    assert "no assets" in shown(viewer, "overview").text
    assert "This account holds no assets." in shown(viewer, "account", account).text


def test_a_chart_begins_unknown_and_then_is_exact(viewer: Client, account: Account) -> None:
    whole = 2**200 + 1
    seen(account, at(10), WEI=(whole, whole - 3, 2, 5, 10**18))
    told = points(viewer, account, asset="WEI", range="24h")
    exact = f"{whole // 10**18}.{whole % 10**18:018}"
    assert (told["seen"][0], told["total"][0]) == ("unknown", None)
    assert (told["seen"][-1], told["total"][-1], told["places"]) == ("observed", exact, 18)
    assert told["pending_in"][-1] == "0.000000000000000002"
    assert 290 >= len(told["at"]) == len(told["total"]) >= 288
    rows = file(viewer, account, asset="WEI", range="24h")
    assert len(rows) == len(told["at"])
    assert (rows[0]["total"], rows[0]["coverage"]) == ("", "unknown")
    assert (rows[-1]["total"], rows[-1]["coverage"]) == (exact, "observed")
    table = shown(viewer, "account", account, asset="WEI", range="24h")
    assert exact in table.amounts()
    assert "unknown" in table.text


@pytest.fixture
def mixed(viewer: Client, account: Account) -> Account:  # noqa: ARG001
    """Real and test money of one name, in an account of each environment."""
    seen(account, at(10), BTC=coins(300), **{"eth-goerli": coins(70)})
    sandbox = keyless("Sandbox", at(10))
    Account.objects.filter(pk=sandbox.pk).update(environment=Environment.SANDBOX)
    seen(sandbox, at(10), BTC=coins(999_900))
    return sandbox


def test_test_money_stands_apart_and_is_never_summed(viewer: Client, mixed: Account) -> None:
    page = shown(viewer, "overview")
    assert "Testnet assets, worthless" in page.text
    assert set(page.amounts()) == {"3.00", "0.70", "9999.00"}
    assert "BTC held · all production accounts" in page.text
    assert points(viewer, asset="BTC")["total"][-1] == "3.00"
    assert points(viewer, asset="BTC", kind="testnet")["total"][-1] == "9999.00"
    apart = shown(viewer, "overview", asset="BTC", kind="testnet")
    assert "all accounts, testnet" in apart.text
    for kind, total in (("production", "3.00"), ("testnet", "9999.00")):
        part = shown(viewer, "overview-asset", asset="BTC", kind=kind)
        assert set(part.amounts()) == {total}
    assert viewer.get(reverse("overview-asset"), {"asset": "eth-goerli"}).status_code == 404
    assert mixed.label in shown(viewer, "overview-asset", asset="BTC", kind="testnet").text


def test_a_failed_account_says_why_and_what_helps(
    viewer: Client, account: Account, clock: StoppedClock
) -> None:
    seen(account, at(10), BTC=coins(100))
    clock.now = at(10, 6)
    failed(account, at(10, 5), Failure("permission", "The key lacks Balances at Qredo."))
    for page in (shown(viewer, "overview"), shown(viewer, "accounts")):
        assert "Failed since 10:05 UTC" in page.text
        assert "The key lacks a permission" in page.text
        assert "Ask an admin of Fund (admin@example.com) to give the key the Balances" in page.text
    page = shown(viewer, "account", account)
    assert "The key lacks Balances at Qredo." in page.text
    assert "1.00" in page.amounts()


def test_a_stale_account_keeps_its_figures_and_says_how_old_they_are(
    viewer: Client, account: Account, clock: StoppedClock
) -> None:
    seen(account, at(10), BTC=coins(100))
    clock.now = at(10, 10)
    assert "Fresh 10 min ago" in shown(viewer, "accounts").text
    clock.now = at(10, 10, 1)
    page = shown(viewer, "overview")
    assert "Stale 10 min ago" in page.text
    assert "Ask your system administrator to check that worker and beat run." in page.text
    assert "0 of 1 account is fresh" in page.text
    assert "1 of 1 accounts that could hold it carried" in page.text
    assert "Nothing was polled" not in page.text
    clock.now = at(11)
    assert "The newest poll was 1 h ago." in shown(viewer, "overview").text
    assert points(viewer, account, asset="BTC")["seen"][-1] == "carried"


def test_paused_and_archived_are_words_too(
    viewer: Client, account: Account, clock: StoppedClock
) -> None:
    seen(account, at(10), BTC=coins(100))
    pausing.pause(account, by=None)
    assert "Paused since 10:02 UTC" in shown(viewer, "overview").text
    assert "1.00" in shown(viewer, "overview").amounts()
    clock.now = at(10, 30)
    pausing.archive(account, by=None)
    assert account.label not in shown(viewer, "overview").text
    assert "Archived since 10:30 UTC" in shown(viewer, "accounts").text
    assert points(viewer, asset="BTC")["expected"][-1] == 0
    assert points(viewer, account, asset="BTC")["total"][-1] == "1.00"
