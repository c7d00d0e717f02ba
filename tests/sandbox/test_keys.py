"""Keys that see one fund or one wallet of their account, and keys that end."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.sandbox.harness import NOW_SECONDS, Key, Simulator

BASE = "/qapi/v1"
FIGURES = ("total", "available", "pendingIn", "pendingOut")
Make = Callable[..., Key]


@pytest.fixture
def make(sim: Simulator) -> Iterator[Make]:
    """Make read-only keys of an account, which end with the test."""
    made: list[Key] = []

    def one(name: str, **limits: object) -> Key:
        order = {"account": sim.account(name)["id"], "permissions": ["read-only"], **limits}
        answer = sim.admin("POST", "key", order)
        assert answer.status == 200, answer.raw
        made.append(answer.json)
        return made[-1]

    yield one
    for key in made:
        sim.admin("DELETE", "key", {"key_id": key["key_id"]})


def told(sim: Simulator, key: Key, path: str) -> Any:
    answer = sim.balance_at(key, NOW_SECONDS, BASE + path)
    assert answer.status == 200, answer.raw
    return answer.json


def fund_ids(sim: Simulator, key: Key) -> list[str]:
    return [
        fund["fundID"]
        for query in ("", "?archived=true")
        for fund in told(sim, key, f"/funds{query}")["funds"]
    ]


def wallets_in(sim: Simulator, key: Key, fund: str) -> list[dict[str, Any]]:
    wallets: list[dict[str, Any]] = told(sim, key, f"/funds/{fund}")["fundInfo"]["wallets"]
    return wallets


def added(parts: list[dict[str, dict[str, int]]]) -> dict[str, dict[str, int]]:
    sums: dict[str, dict[str, int]] = {}
    for assets in parts:
        for asset, figures in assets.items():
            of_asset = sums.setdefault(asset, {**dict.fromkeys(FIGURES, 0), "scale": 0})
            for name in FIGURES:
                of_asset[name] += figures[name]
            of_asset["scale"] = figures["scale"]
    return sums


def test_a_key_has_the_published_record(sim: Simulator, make: Make) -> None:
    first = sim.key("Custody")
    assert (first["fund_id"], first["wallet_id"], first["expiry_date"]) == ("", "", 0)
    assert 0 < first["created"] < NOW_SECONDS
    fund = fund_ids(sim, first)[0]
    made = make("Custody", fund_id=fund, expiry_date=NOW_SECONDS + 60)
    assert (made["fund_id"], made["wallet_id"]) == (fund, "")
    assert (made["created"], made["expiry_date"]) == (NOW_SECONDS, NOW_SECONDS + 60)


@pytest.mark.parametrize("name", ["Custody", "Trading", "Hot wallet"])
def test_balances_of_all_funds_add_up_to_the_account(sim: Simulator, make: Make, name: str) -> None:
    whole = make(name)
    ids = fund_ids(sim, whole)
    assert len(ids) == 3
    parts = [told(sim, make(name, fund_id=one), "/balance")["assets"] for one in ids]
    everything = told(sim, whole, "/balance")["assets"]
    assert added(parts) == everything
    assert all(part != everything for part in parts)


def test_balances_of_all_wallets_add_up_to_their_fund(sim: Simulator, make: Make) -> None:
    whole = make("Trading")
    fund = fund_ids(sim, whole)[0]
    wallets = [one["wallet_id"] for one in wallets_in(sim, whole, fund)]
    parts = [told(sim, make("Trading", wallet_id=one), "/balance")["assets"] for one in wallets]
    assert all(len(part) <= 1 for part in parts)
    assert added(parts) == told(sim, make("Trading", fund_id=fund), "/balance")["assets"]


def test_a_limited_key_answers_in_the_form_of_its_account(sim: Simulator, make: Make) -> None:
    fund = fund_ids(sim, make("Settlement"))[0]
    assets = told(sim, make("Settlement", fund_id=fund), "/balance")["assets"]
    assert [list(one) for one in assets] == [["USDC"], ["USDT"], ["ETH"]]


def test_a_limited_key_keeps_to_what_the_account_was_told(sim: Simulator, make: Make) -> None:
    coin = {"total": 9, "available": 7, "pendingIn": 2, "pendingOut": 0, "scale": 100}
    whole = make("Custody")
    wallet = wallets_in(sim, whole, fund_ids(sim, whole)[0])[0]
    key = make("Custody", wallet_id=wallet["wallet_id"])
    order = {"key_id": key["key_id"], "assets": {wallet["asset"]: coin, "SOL": coin}}
    sim.admin("POST", "balance", order)
    assert told(sim, key, "/balance") == {"assets": {wallet["asset"]: coin}}
    sim.admin("POST", "balance", {"key_id": key["key_id"], "assets": None})


def test_an_asset_of_two_wallets_is_told_twice_and_each_wallet_by_itself(
    sim: Simulator, make: Make
) -> None:
    coins = [
        {"total": total, "available": total, "pendingIn": 0, "pendingOut": 0, "scale": 100}
        for total in (9, 5, 7)
    ]
    whole = make("Custody")
    order = {"key_id": whole["key_id"], "assets": {"BTC": coins[:2], "SOL": coins[2]}}
    assert sim.admin("POST", "balance", order).status == 200
    entries = [{"BTC": coins[0]}, {"BTC": coins[1]}, {"SOL": coins[2]}]
    assert told(sim, whole, "/balance") == {"assets": entries}
    wallets = wallets_in(sim, whole, fund_ids(sim, whole)[0])
    assert [one["balance"] for one in wallets] == [9, 5, 7]
    assert len({one["wallet_id"] for one in wallets}) == 3
    parts = [make("Custody", wallet_id=one["wallet_id"]) for one in wallets]
    assert [told(sim, key, "/balance")["assets"] for key in parts] == entries
    sim.admin("POST", "balance", {"key_id": whole["key_id"], "assets": None})
    for wrong in ([], [1], [coins[0], {}]):
        answer = sim.admin("POST", "balance", {**order, "assets": {"BTC": wrong}})
        assert answer.status == 400


def test_other_funds_and_wallets_are_not_there_for_a_limited_key(
    sim: Simulator, make: Make
) -> None:
    whole = make("Custody")
    mine, other = fund_ids(sim, whole)[:2]
    wallets = [one["wallet_id"] for one in wallets_in(sim, whole, mine)]
    of_fund, of_wallet = make("Custody", fund_id=mine), make("Custody", wallet_id=wallets[0])
    assert fund_ids(sim, of_fund) == fund_ids(sim, of_wallet) == [mine]
    assert wallets_in(sim, of_fund, mine) == wallets_in(sim, whole, mine)
    assert [one["wallet_id"] for one in wallets_in(sim, of_wallet, mine)] == wallets[:1]
    for key in (of_fund, of_wallet):
        for path in (f"/funds/{other}", f"/funds/{other}/ledger"):
            assert sim.get(key, BASE + path).status == 404
    seen = {entry["walletID"] for entry in told(sim, of_wallet, f"/funds/{mine}/ledger")["list"]}
    assert seen == {wallets[0]}
    assert sim.get(of_fund, f"{BASE}/wallet/{wallets[1]}/history").status == 200
    assert sim.get(of_wallet, f"{BASE}/wallet/{wallets[1]}/history").status == 404


def test_a_key_is_refused_from_its_expiry_on(sim: Simulator, make: Make) -> None:
    end = NOW_SECONDS + 3600
    key, endless = make("Custody", expiry_date=end), make("Custody")
    assert sim.balance_at(key, end - 1).status == 200
    for path in ("/balance", "/account", "/funds"):
        answer = sim.balance_at(key, end, BASE + path)
        assert (answer.status, answer.reason) == (401, "api key expired")
    assert sim.balance_at(endless, end).status == 200


@pytest.mark.parametrize(
    ("limits", "status", "reason"),
    [
        ({"fund_id": "none"}, 404, "no such fund in the account"),
        ({"wallet_id": "none"}, 404, "no such wallet in the account or fund"),
        ({"expiry_date": -1}, 400, "expiry_date is a positive integer"),
    ],
)
def test_keys_that_cannot_be_made(
    sim: Simulator, limits: dict[str, object], status: int, reason: str
) -> None:
    order = {"account": sim.account("Custody")["id"], "permissions": ["read-only"], **limits}
    answer = sim.admin("POST", "key", order)
    assert (answer.status, answer.reason) == (status, reason)


def test_a_wallet_of_another_fund_makes_no_key(sim: Simulator, make: Make) -> None:
    whole = make("Custody")
    mine, other = fund_ids(sim, whole)[:2]
    wallet = wallets_in(sim, whole, mine)[0]["wallet_id"]
    order = {"account": sim.account("Custody")["id"], "permissions": ["read-only"]}
    assert sim.admin("POST", "key", {**order, "fund_id": other, "wallet_id": wallet}).status == 404
    both = make("Custody", fund_id=mine, wallet_id=wallet)
    assert len(told(sim, both, "/balance")["assets"]) == 1
