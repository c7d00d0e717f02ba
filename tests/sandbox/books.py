"""Reads accounts of a world as the calls about funds and wallets answer them."""

import json
from fractions import Fraction
from typing import Any

from qredo_sandbox import funds
from qredo_sandbox.chance import draw
from qredo_sandbox.entries import entries
from qredo_sandbox.exact import written
from qredo_sandbox.wallets import funds_of, wallets_of
from qredo_sandbox.world import Account, World

NOON = 1_768_478_400  # 2026-01-15
HOUR, DAY = 3_600, 86_400
INSTANTS = [NOON + draw(11, number) % (300 * DAY) for number in range(4)]

Tx = dict[str, Any]


def named(world: World, name: str) -> Account:
    return next(account for account in world.accounts.values() if account.role.name == name)


def read(content: object) -> Any:
    """Read an answer as a careful client does: no number becomes a float."""
    return json.loads(written(content), parse_float=Fraction, parse_int=Fraction)


def changes(account: Account, second: int) -> dict[tuple[str, str], Fraction]:
    """By how many whole units each entry changes its wallet: answers do not tell which way."""
    return {
        (entry.tx_id, wallet.id): Fraction(entry.change, wallet.scale)
        for wallet in wallets_of(account)
        for entry in entries(wallet, second)
    }


def place(entry: Tx) -> tuple[str, str]:
    """The transaction and the wallet of an entry: together they are its only name."""
    return entry["txID"], entry["walletID"]


def histories(account: Account, second: int) -> list[Tx]:
    """The histories of all wallets of an account."""
    return [
        entry
        for wallet in wallets_of(account)
        for entry in read(funds.history(account, wallet, second))["history"]
    ]


def ledgers(account: Account, second: int) -> list[Tx]:
    """The ledgers of all funds of an account."""
    return [
        entry
        for fund in funds_of(account)
        for entry in read(funds.ledger(account, fund, second))["list"]
    ]
