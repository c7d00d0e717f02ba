"""The flows behind balances, ledgers and histories are the same ones."""

from collections import defaultdict
from fractions import Fraction

import pytest

from qredo_sandbox import funds
from qredo_sandbox.entries import MOST, WINDOW
from qredo_sandbox.wallets import funds_of, wallets_of
from qredo_sandbox.world import World
from tests.sandbox.books import (
    INSTANTS,
    NOON,
    changes,
    histories,
    ledgers,
    named,
    place,
    read,
)


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
            moved = changes(account, second)
            for entry in histories(account, second):
                if entry["status"].startswith("pending"):
                    way = "pendingIn" if moved[place(entry)] > 0 else "pendingOut"
                    sums[entry["asset"], way] += entry["amount"]
                    seen += 1
            for asset, figures in (account.assets(second) or {}).items():
                for way in ("pendingIn", "pendingOut"):
                    assert sums[asset, way] * figures["scale"] == figures[way]
    assert seen > 10


def test_approved_entries_explain_every_change_of_a_wallet(world: World) -> None:
    checked = 0
    for account in world.accounts.values():
        ways = changes(account, NOON)
        for wallet in wallets_of(account):
            history = read(funds.history(account, wallet, NOON))["history"]
            full = len(history) == MOST
            since = int(history[-1]["timestamp"]) if full else NOON - WINDOW
            moved = sum(
                entry["amount"] if ways[place(entry)] > 0 else -entry["amount"]
                for entry in history
                if entry["status"] == "approved" and entry["timestamp"] > since
            )
            change = wallet.balance(NOON) - wallet.balance(since)
            assert moved * wallet.scale == change
            checked += bool(change)
    assert checked > 40


def test_a_ledger_is_the_approved_part_of_the_history_of_each_wallet(world: World) -> None:
    for account in world.accounts.values():
        for fund in funds_of(account):
            booked = read(funds.ledger(account, fund, NOON))["list"]
            for wallet in fund.wallets:
                mine = [e for e in booked if e["walletID"] == wallet.id]
                history = read(funds.history(account, wallet, NOON))["history"]
                approved = [entry for entry in history if entry["status"] == "approved"]
                # Histories hold refused entries too, and so may end before the ledger does.
                assert len(approved) <= len(mine) <= MOST
                assert len(history) == MOST or len(approved) == len(mine)
                common = ("txID", "timestamp", "amount", "fees", "netAmount")
                for entry, same in zip(mine, approved, strict=False):
                    assert [entry[name] for name in common] == [same[name] for name in common]


def test_lists_are_newest_first_for_each_wallet_and_bounded(world: World) -> None:
    longest = 0
    for account in world.accounts.values():
        lists = [ledgers(account, NOON), histories(account, NOON)]
        for wallet in wallets_of(account):
            for entries in lists:
                stamps = [e["timestamp"] for e in entries if e["walletID"] == wallet.id]
                assert stamps == sorted(stamps, reverse=True)
                assert all(NOON - WINDOW < stamp <= NOON for stamp in stamps)
                longest = max(longest, len(stamps))
    assert longest == MOST


def test_a_ledger_is_not_sorted_over_the_whole_fund(world: World) -> None:
    trading = named(world, "Trading")
    for fund in funds_of(trading)[:2]:
        stamps = [e["timestamp"] for e in read(funds.ledger(trading, fund, NOON))["list"]]
        assert stamps != sorted(stamps, reverse=True)
