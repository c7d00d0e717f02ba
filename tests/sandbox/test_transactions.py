"""What single transactions say, and what both sides of one say."""

from collections import defaultdict

import pytest

from qredo_sandbox import funds
from qredo_sandbox.exact import written
from qredo_sandbox.wallets import funds_of, wallets_of
from qredo_sandbox.world import Account, World
from tests.sandbox.books import (
    DAY,
    HOUR,
    INSTANTS,
    NOON,
    Tx,
    changes,
    histories,
    ledgers,
    named,
    place,
)


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


def test_amounts_have_no_sign_and_net_amounts_are_amounts_less_fees(world: World) -> None:
    fees = 0
    for account in world.accounts.values():
        ways = changes(account, NOON)
        for entry in ledgers(account, NOON) + histories(account, NOON):
            assert entry["netAmount"] == entry["amount"] - entry["fees"]
            assert 0 <= entry["fees"] <= entry["netAmount"] / 999
            assert entry["amount"] == abs(ways[place(entry)]) > 0
            if entry["fees"] and "type" in entry:
                assert entry["type"] in (1, 4)
                fees += 1
    assert fees > 50


def test_every_status_and_type_of_a_flow_is_seen(world: World) -> None:
    statuses, types = set(), set()
    for account in world.accounts.values():
        for second in INSTANTS:
            statuses |= {entry["status"] for entry in histories(account, second)}
        types |= {int(entry["type"]) for entry in ledgers(account, NOON)}
    assert statuses == {"approved", "expired", "initiate_rejected", "pending_initiate", "pending"}
    assert types == {1, 2, 3, 4, 6}


def test_deposits_and_withdrawals_are_on_chain_and_transfers_are_not(world: World) -> None:
    for account in world.accounts.values():
        ways = changes(account, NOON)
        for entry in ledgers(account, NOON):
            outside = entry["type"] in (1, 4, 6)
            assert bool(entry["chainTxID"]) == bool(entry["address"]) == outside
            assert entry["later1TxID"] == ([entry["chainTxID"]] if outside else [])
            assert bool(entry["counterpartyID"]) == (not outside)
            if outside:
                assert (ways[place(entry)] > 0) == (entry["type"] == 6)


def test_a_transfer_stands_in_both_accounts(world: World) -> None:
    reserve, operations = named(world, "Reserve"), named(world, "Operations")
    sent = {e["txID"]: e for e in ledgers(reserve, NOON) if e["type"] == 2}
    came = {e["txID"]: e for e in ledgers(operations, NOON) if e["type"] == 2}
    assert sent
    assert set(sent) == set(came)
    left, arrived = changes(reserve, NOON), changes(operations, NOON)
    for tx_id, entry in sent.items():
        assert entry["amount"] == came[tx_id]["amount"]
        assert left[place(entry)] == -arrived[place(came[tx_id])]
        assert entry["timestamp"] == came[tx_id]["timestamp"]
        assert entry["counterpartyID"] == operations.id
        assert entry["counterpartyName"] == "Demo Fund / Operations"
        assert came[tx_id]["counterpartyID"] == reserve.id


def test_a_swap_has_two_sides_at_every_stage(world: World) -> None:
    desk, statuses = named(world, "OTC desk"), set()
    for hour in range(0, 20 * 24, 17):
        sides: dict[str, list[Tx]] = defaultdict(list)
        ways = changes(desk, NOON + hour * HOUR)
        for entry in histories(desk, NOON + hour * HOUR):
            sides[entry["txID"]].append(entry)
        for pair in sides.values():
            one, other = pair
            assert one["asset"] != other["asset"]
            assert (ways[place(one)] > 0) != (ways[place(other)] > 0)
            assert (one["timestamp"], one["status"]) == (other["timestamp"], other["status"])
            statuses.add(one["status"])
    assert len(statuses) == 5


def test_fees_are_gathered_and_swept(world: World) -> None:
    fees = named(world, "Fees")
    assert {wallet.type for wallet in wallets_of(fees) if wallet.legs} == {5}
    swept = [entry for entry in ledgers(fees, NOON) if entry["type"] == 4]
    gathered = [entry for entry in ledgers(fees, NOON) if entry["type"] == 6]
    assert len(gathered) > 4 * len(swept) > 0


def test_an_entry_keeps_its_id_from_proposal_to_approval(world: World) -> None:
    custody, seen = named(world, "Custody"), 0
    for second in INSTANTS:
        later = {e["txID"]: e for e in histories(custody, second + 4 * DAY)}
        for entry in histories(custody, second):
            if entry["status"].startswith("pending"):
                now = later[entry["txID"]]
                assert now["netAmount"] == entry["netAmount"]
                assert now["timestamp"] > second >= entry["timestamp"]
                assert not now["status"].startswith("pending")
                seen += 1
    assert seen


def test_answers_do_not_depend_on_the_order_of_questions() -> None:
    forward, backward = World(1), World(1)
    told = {
        (account.id, second): written(ledgers_raw(account, second))
        for second in INSTANTS[:3]
        for account in forward.accounts.values()
    }
    for (account_id, second), text in reversed(list(told.items())):
        assert written(ledgers_raw(backward.accounts[account_id], second)) == text


def ledgers_raw(account: Account, second: int) -> list[object]:
    return [funds.ledger(account, fund, second) for fund in funds_of(account)]


def test_another_seed_has_other_transactions(world: World) -> None:
    other = named(World(2), "Custody")
    mine = {tx_id for tx_id, _ in changes(named(world, "Custody"), NOON)}
    assert mine
    assert not mine & {tx_id for tx_id, _ in changes(other, NOON)}
