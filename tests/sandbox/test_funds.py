import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.harness import NOW_SECONDS, Key, Simulator

BASE = "/qapi/v1"
TELL = {"BTC": {"total": 9, "available": 7, "pendingIn": 2, "pendingOut": 0, "scale": 10**8}}
WALLET_FIELDS = "wallet_id name asset address address_type balance short_code status type connected"
TX_FIELDS = (
    "txID chainTxID fundID walletID timestamp type asset amount fees netAmount counterpartyID"
    " counterpartyName address reference benefitOf accountNo later1TxID"
)


@pytest.fixture
def key(sim: Simulator) -> Key:
    return sim.key("Custody")


@pytest.fixture
def market(sim: Simulator) -> Iterator[Key]:
    """A read-only key of the account that has no fund yet."""
    account = sim.account("New market")["id"]
    made = sim.admin("POST", "key", {"account": account, "permissions": ["read-only"]}).json
    yield made
    sim.admin("DELETE", "key", {"key_id": made["key_id"]})


def told(sim: Simulator, key: Key, path: str) -> Any:
    answer = sim.get(key, BASE + path)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    return answer.json


def fund_ids(sim: Simulator, key: Key, query: str = "") -> list[str]:
    return [fund["fundID"] for fund in told(sim, key, f"/funds{query}")["funds"]]


def test_funds_are_listed(sim: Simulator, key: Key) -> None:
    answer = told(sim, key, "/funds")
    assert list(answer) == ["total", "funds"]
    assert answer["total"] == len(answer["funds"]) == 2
    for fund in answer["funds"]:
        assert list(fund) == ["fundID", "name", "theme", "holdings"]
        assert re.fullmatch("[A-Za-z0-9_-]{28}", fund["fundID"])


def test_archived_funds_are_listed_apart(sim: Simulator, key: Key) -> None:
    archived = fund_ids(sim, key, "?archived=true")
    assert len(archived) == 1
    assert fund_ids(sim, key, "?archived=false") == fund_ids(sim, key)
    assert not set(archived) & set(fund_ids(sim, key))
    wallets = told(sim, key, f"/funds/{archived[0]}")["fundInfo"]["wallets"]
    assert {wallet["status"]: wallet["balance"] for wallet in wallets} == {
        "expired": 0,
        "rejected": 0,
    }


@pytest.mark.parametrize("query", ["?archived=1", "?archived=", "?archived=true&archived=false"])
def test_archived_is_true_or_false(sim: Simulator, key: Key, query: str) -> None:
    answer = sim.get(key, f"{BASE}/funds{query}")
    assert (answer.status, answer.reason) == (400, "archived is true or false")


def test_a_fund_has_the_published_fields(sim: Simulator, key: Key) -> None:
    answer = told(sim, key, f"/funds/{fund_ids(sim, key)[0]}")
    assert list(answer) == ["fundInfo"]
    assert " ".join(answer["fundInfo"]) == (
        "fund_id name description custodygroup_withdraw custodygroup_tx members policyTx"
        " policyWithdrawl wallets"
    )
    wallets = answer["fundInfo"]["wallets"]
    assert {" ".join(wallet) for wallet in wallets} == {WALLET_FIELDS}
    assert {wallet["status"] for wallet in wallets} == {"ready", "pending"}
    assert all(bool(wallet["address"]) == (wallet["status"] == "ready") for wallet in wallets)


@pytest.mark.parametrize(
    ("name", "base"), [("Custody", BASE), ("Operations", BASE), ("Own savings", BASE)]
)
def test_wallets_hold_what_balance_calls_available(sim: Simulator, name: str, base: str) -> None:
    key = sim.key(name)
    sums: dict[str, int] = {}
    for fund in fund_ids(sim, key):
        for wallet in told(sim, key, f"/funds/{fund}")["fundInfo"]["wallets"]:
            sums[wallet["asset"]] = sums.get(wallet["asset"], 0) + wallet["balance"]
    assets = sim.get(key, f"{base}/balance").json["assets"]
    assert sums == {asset: figures["available"] for asset, figures in assets.items()}


def test_wallets_hold_what_an_account_was_told_to_answer(sim: Simulator, key: Key) -> None:
    before = fund_ids(sim, key)
    sim.admin("POST", "balance", {"key_id": key["key_id"], "assets": TELL})
    (fund,) = fund_ids(sim, key)
    (wallet,) = told(sim, key, f"/funds/{fund}")["fundInfo"]["wallets"]
    assert (wallet["asset"], wallet["balance"]) == ("BTC", 7)
    assert told(sim, key, f"/wallet/{wallet['wallet_id']}/history") == {"history": []}
    sim.admin("POST", "balance", {"key_id": key["key_id"], "assets": None})
    assert fund_ids(sim, key) == before


def test_ledgers_have_the_published_fields(sim: Simulator, key: Key) -> None:
    fund = fund_ids(sim, key)[0]
    answer = told(sim, key, f"/funds/{fund}/ledger")
    assert list(answer) == ["list", "total", "wallets"]
    assert answer["total"] == len(answer["list"]) > 10
    assert {" ".join(entry) for entry in answer["list"]} == {TX_FIELDS}
    assert {entry["fundID"] for entry in answer["list"]} == {fund}
    assert all(type(entry["timestamp"]) is int for entry in answer["list"])
    wallets = {wallet["walletID"] for wallet in answer["wallets"]}
    assert {entry["walletID"] for entry in answer["list"]} <= wallets


def test_histories_have_the_published_fields(sim: Simulator, key: Key) -> None:
    fund = told(sim, key, f"/funds/{fund_ids(sim, key)[0]}")["fundInfo"]
    wallet = fund["wallets"][0]["wallet_id"]
    history = told(sim, key, f"/wallet/{wallet}/history")["history"]
    assert {" ".join(entry) for entry in history} == {
        "txID chainTxID walletID timestamp asset amount fees netAmount status"
    }
    assert {entry["walletID"] for entry in history} == {wallet}
    assert sim.get(key, f"{BASE}/wallets/{wallet}/history").status == 404


def test_amounts_are_plain_numbers_with_all_their_digits(sim: Simulator) -> None:
    key = sim.key("Own savings")
    raw = sim.get(key, f"{BASE}/funds/{fund_ids(sim, key)[0]}/ledger").raw.decode()
    amounts = re.findall(r'"(?:amount|fees|netAmount)":([^,]*),', raw)
    assert len(amounts) > 30
    assert all(re.fullmatch(r"(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", text) for text in amounts)
    # More digits than a float carries: whoever writes them through one is found out.
    assert any(len(text.strip("0.")) > 19 for text in amounts)


def test_lists_follow_the_clock(sim: Simulator, key: Key) -> None:
    path = f"{BASE}/funds/{fund_ids(sim, key)[0]}/ledger"
    now = sim.balance_at(key, NOW_SECONDS, path).raw
    later = sim.balance_at(key, NOW_SECONDS + 10 * 86_400, path).json["list"]
    assert later[0]["timestamp"] > NOW_SECONDS
    assert sim.balance_at(key, NOW_SECONDS, path).raw == now


def test_an_account_without_funds_answers_empty_lists(sim: Simulator, market: Key) -> None:
    for query in ("", "?archived=true"):
        assert told(sim, market, f"/funds{query}") == {"total": 0, "funds": []}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/funds/nothing", "no such fund"),
        ("/funds/nothing/ledger", "no such fund"),
        ("/wallet/nothing/history", "no such wallet"),
        ("/funds/", "no such endpoint"),
        ("/funds/a/b/ledger", "no such endpoint"),
        ("/wallet/nothing", "no such endpoint"),
        ("/wallet//history", "no such endpoint"),
        ("/wallets/nothing/history", "no such endpoint"),
    ],
)
def test_what_is_not_there(sim: Simulator, key: Key, path: str, reason: str) -> None:
    answer = sim.get(key, BASE + path)
    assert (answer.status, answer.reason) == (404, reason)


def test_funds_and_wallets_of_others_are_not_there(sim: Simulator, key: Key) -> None:
    fund = fund_ids(sim, key)[0]
    wallet = told(sim, key, f"/funds/{fund}")["fundInfo"]["wallets"][0]["wallet_id"]
    stranger = sim.key("Cold storage")
    for path in (f"/funds/{fund}", f"/funds/{fund}/ledger", f"/wallet/{wallet}/history"):
        assert sim.get(key, BASE + path).status == 200
        assert sim.get(stranger, BASE + path).status == 404


def test_the_permission_is_read_only(sim: Simulator) -> None:
    ids = ("/funds", "/funds/x", "/funds/x/ledger", "/wallet/x/history", "/trustedparties")
    for name in ("Trading", "Spare without permission"):
        for path in ids:
            answer = sim.get(sim.key(name), BASE + path)
            assert (answer.status, answer.reason) == (403, "permission missing: read-only")


def test_trusted_parties_are_for_persons_only(sim: Simulator, key: Key) -> None:
    answer = told(sim, sim.key("Own savings"), "/trustedparties")
    assert [party["name"] for party in answer["list"]] == ["Demo analyst", "Demo Fund"]
    assert answer["total"] == 2
    refused = sim.get(key, f"{BASE}/trustedparties")
    assert (refused.status, refused.reason) == (403, "personal accounts only")
