"""The flows behind balances, ledgers and histories are the same ones."""

import json
from collections import defaultdict
from fractions import Fraction
from typing import Any

import pytest

from qredo_sandbox import funds
from qredo_sandbox.chance import draw
from qredo_sandbox.entries import MOST, WINDOW, entries
from qredo_sandbox.exact import written
from qredo_sandbox.holdings import SCALES
from qredo_sandbox.wallets import funds_of, wallets_of
from qredo_sandbox.world import Account, World

NOON = 1_768_478_400  # 2026-01-15
HOUR, DAY = 3_600, 86_400
INSTANTS = [NOON + draw(11, number) % (300 * DAY) for number in range(4)]

Tx = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


def named(world: World, name: str) -> Account:
    return next(account for account in world.accounts.values() if account.role.name == name)


def read(content: object) -> Any:
    """Read an answer as a careful client does: no number becomes a float."""
    return json.loads(written(content), parse_float=Fraction, parse_int=Fraction)


def histories(account: Account, second: int) -> list[Tx]:
    """The histories of all wallets of an account."""
    return [
        entry
        for wallet in wallets_of(account)
        for entry in read(funds.history(wallet, second))["history"]
    ]


def ledgers(account: Account, second: int) -> list[Tx]:
    """The ledgers of all funds of an account."""
    return [
        entry
        for fund in funds_of(account)
        for entry in read(funds.ledger(account, fund, second))["list"]
    ]


def test_wallets_hold_what_is_available_in_every_account(world: World) -> None:
    for account in world.accounts.values():
        for second in INSTANTS:
            sums: dict[str, int] = defaultdict(int)
            for wallet in wallets_of(account):
                sums[wallet.asset] += wallet.balance(second)
            held = account.assets(second) or {}
            assert {asset: amount for asset, amount in sums.items() if amount} == {
                asset: figures["available"]
                for asset, figures in held.items()
                if figures["available"]
            }


def test_pending_entries_are_what_balance_calls_pending(world: World) -> None:
    seen = 0
    for account in world.accounts.values():
        for second in INSTANTS:
            sums: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
            for entry in histories(account, second):
                if entry["status"].startswith("pending"):
                    way = "pendingIn" if entry["netAmount"] > 0 else "pendingOut"
                    sums[entry["asset"], way] += abs(entry["netAmount"]) * SCALES[entry["asset"]]
                    seen += 1
            for asset, figures in (account.assets(second) or {}).items():
                for way in ("pendingIn", "pendingOut"):
                    assert sums[asset, way] == figures[way]
    assert seen > 10


def test_approved_entries_explain_every_change_of_a_wallet(world: World) -> None:
    checked = 0
    for account in world.accounts.values():
        for wallet in wallets_of(account):
            history = read(funds.history(wallet, NOON))["history"]
            full = len(history) == MOST
            since = int(history[-1]["timestamp"]) if full else NOON - WINDOW
            moved = sum(
                entry["netAmount"]
                for entry in history
                if entry["status"] == "approved" and entry["timestamp"] > since
            )
            change = wallet.balance(NOON) - wallet.balance(since)
            assert moved * SCALES[wallet.asset] == change
            checked += bool(change)
    assert checked > 40


def test_a_ledger_is_the_approved_part_of_histories(world: World) -> None:
    for account in world.accounts.values():
        for fund in funds_of(account):
            booked = read(funds.ledger(account, fund, NOON))["list"]
            assert len(booked) <= MOST
            approved = [
                entry
                for wallet in fund.wallets
                for entry in read(funds.history(wallet, NOON))["history"]
                if entry["status"] == "approved"
            ]
            approved.sort(key=lambda entry: -entry["timestamp"])
            # Histories hold refused entries too, and so may end before the ledger does.
            since = max((entry["timestamp"] for entry in booked[-1:] + approved[-1:]), default=0)
            booked, approved = (
                [e for e in of if e["timestamp"] > since] for of in (booked, approved)
            )
            assert [e["timestamp"] for e in booked] == [e["timestamp"] for e in approved]
            assert {(e["txID"], e["walletID"]) for e in booked} == {
                (e["txID"], e["walletID"]) for e in approved
            }


def test_lists_are_newest_first_and_bounded(world: World) -> None:
    longest = 0
    for account in world.accounts.values():
        for wallet in wallets_of(account):
            stamps = [int(e["timestamp"]) for e in funds.history(wallet, NOON)["history"]]  # type: ignore[attr-defined]
            assert stamps == sorted(stamps, reverse=True)
            assert all(NOON - WINDOW < stamp <= NOON for stamp in stamps)
            longest = max(longest, len(stamps))
    assert longest == MOST


def test_net_amounts_are_amounts_less_fees(world: World) -> None:
    fees = 0
    for account in world.accounts.values():
        for entry in ledgers(account, NOON):
            assert entry["netAmount"] == entry["amount"] - entry["fees"]
            assert 0 <= entry["fees"] <= abs(entry["netAmount"]) / 1000
            assert entry["netAmount"] != 0
            assert (entry["netAmount"] > 0) == (entry["amount"] > 0)
            if entry["fees"]:
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
        for entry in ledgers(account, NOON):
            outside = entry["type"] in (1, 4, 6)
            assert bool(entry["chainTxID"]) == bool(entry["address"]) == outside
            assert entry["later1TxID"] == ([entry["chainTxID"]] if outside else [])
            assert bool(entry["counterpartyID"]) == (not outside)
            if outside:
                assert (entry["netAmount"] > 0) == (entry["type"] == 6)


def test_a_transfer_stands_in_both_accounts(world: World) -> None:
    reserve, operations = named(world, "Reserve"), named(world, "Operations")
    sent = {e["txID"]: e for e in ledgers(reserve, NOON) if e["type"] == 2}
    came = {e["txID"]: e for e in ledgers(operations, NOON) if e["type"] == 2}
    assert sent
    assert set(sent) == set(came)
    for tx_id, entry in sent.items():
        assert entry["netAmount"] == -came[tx_id]["netAmount"]
        assert entry["timestamp"] == came[tx_id]["timestamp"]
        assert entry["counterpartyID"] == operations.id
        assert entry["counterpartyName"] == "Demo Fund / Operations"
        assert came[tx_id]["counterpartyID"] == reserve.id


def test_a_swap_has_two_sides_at_every_stage(world: World) -> None:
    desk, statuses = named(world, "OTC desk"), set()
    for hour in range(0, 20 * 24, 17):
        sides: dict[str, list[Tx]] = defaultdict(list)
        for entry in histories(desk, NOON + hour * HOUR):
            sides[entry["txID"]].append(entry)
        for pair in sides.values():
            one, other = pair
            assert one["asset"] != other["asset"]
            assert (one["netAmount"] > 0) != (other["netAmount"] > 0)
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
    mine = {entry.tx_id for entry in entries(wallets_of(named(world, "Custody")), NOON)}
    assert not mine & {entry.tx_id for entry in entries(wallets_of(other), NOON)}
