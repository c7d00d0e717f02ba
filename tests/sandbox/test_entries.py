"""The flows behind balances, ledgers and histories are the same ones."""

from collections import defaultdict
from fractions import Fraction

import pytest

from qredo_sandbox import funds
from qredo_sandbox.entries import MOST, WINDOW
from qredo_sandbox.holdings import SCALES
from qredo_sandbox.wallets import funds_of, wallets_of
from qredo_sandbox.world import World
from tests.sandbox.books import INSTANTS, NOON, histories, read


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


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
