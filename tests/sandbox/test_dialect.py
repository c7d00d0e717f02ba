"""What the sources disagree about in ledgers and histories is told either way on demand."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from qredo_sandbox.dialect import Dialect
from qredo_sandbox.exact import Number
from tests.sandbox.harness import NOW_SECONDS, Key, Simulator

BASE = "/qapi/v1"
WEI = 10**18
Tell = Callable[..., None]
Lists = tuple[list[Any], list[Any]]


@pytest.fixture
def key(sim: Simulator) -> Key:
    return sim.key("Custody")


@pytest.fixture
def in_wei(sim: Simulator) -> Key:
    """The key of the account whose amounts have more digits than a double carries."""
    return sim.key("Own savings")


@pytest.fixture
def tell(sim: Simulator, key: Key, in_wei: Key) -> Iterator[Tell]:
    """Order the dialect of both accounts."""

    def order(**dialect: str) -> None:
        for of_account in (key, in_wei):
            told = {"key_id": of_account["key_id"], **dialect}
            assert sim.admin("POST", "ledger", told).status == 200

    yield order
    order()


def exactly(sim: Simulator, key: Key, path: str) -> Any:
    raw = sim.balance_at(key, NOW_SECONDS, BASE + path).raw
    return json.loads(raw, parse_float=Decimal)


def lists(sim: Simulator, key: Key) -> Lists:
    """The ledger of the last fund, where coins go out, and the histories of its wallets."""
    fund = exactly(sim, key, "/funds")["funds"][-1]["fundID"]
    ledger = exactly(sim, key, f"/funds/{fund}/ledger")
    histories = [
        entry
        for wallet in ledger["wallets"]
        for entry in exactly(sim, key, f"/wallet/{wallet['walletID']}/history")["history"]
    ]
    return ledger["list"], histories


def test_a_net_amount_can_be_the_sum(sim: Simulator, key: Key, tell: Tell) -> None:
    told = lists(sim, key)
    tell(net="sum")
    for before, after in zip(told, lists(sim, key), strict=True):
        assert any(entry["fees"] for entry in after)
        for entry, other in zip(before, after, strict=True):
            assert other["netAmount"] == other["amount"] + other["fees"]
            assert (other["netAmount"], other["fees"]) == (entry["amount"], entry["fees"])
    tell()
    assert lists(sim, key) == told


def test_statuses_can_be_integers(sim: Simulator, key: Key, tell: Tell) -> None:
    numbers = {
        "pending": 1,
        "pending_initiate": 1,
        "expired": 2,
        "approved": 3,
        "initiate_rejected": 4,
    }
    _, told = lists(sim, key)
    tell(statuses="integers")
    ledger, numbered = lists(sim, key)
    assert [entry["status"] for entry in numbered] == [numbers[e["status"]] for e in told]
    assert {entry["status"] for entry in numbered} >= {2, 3}
    assert not any("status" in entry for entry in ledger)


def test_amounts_can_be_doubles(sim: Simulator, in_wei: Key, tell: Tell) -> None:
    exact, _ = lists(sim, in_wei)
    tell(amounts="doubles")
    rounded, _ = lists(sim, in_wei)
    assert any(one["amount"] != other["amount"] for one, other in zip(exact, rounded, strict=True))
    for one, other in zip(exact, rounded, strict=True):
        assert float(one["amount"]) == float(other["amount"])


@pytest.mark.parametrize(
    ("amount", "scale", "text"),
    [
        (123_456_789, 10**8, "1.23456789"),
        (5 * WEI, WEI, "5"),
        (1, 10**9, "1e-09"),
        (22_123_456_789_012_345_678, WEI, "22.123456789012344"),
    ],
)
def test_a_double_keeps_what_a_double_can(amount: int, scale: int, text: str) -> None:
    figures = Dialect(amounts="doubles").figures(amount, 0, scale)
    assert figures["amount"] == figures["netAmount"]
    assert figures["amount"] == Number(text)


@pytest.mark.parametrize("name", ["net", "statuses", "amounts"])
def test_unknown_dialects_are_refused(sim: Simulator, key: Key, name: str) -> None:
    answer = sim.admin("POST", "ledger", {"key_id": key["key_id"], name: "other"})
    assert answer.status == 400
    assert answer.reason.startswith(f"{name} is one of ")
