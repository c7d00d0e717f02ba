"""Holdings: the four amounts of one asset in one account, as integers in base units."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, Self

from qredo_sandbox.flows import LEVEL_BITS, Flow, Move

GWEI, WEI = 10**9, 10**18

SCALES = {
    "BTC": 10**8,
    "ETH": GWEI,
    "USDC": 10**6,
    "USDT": 10**6,
    "QRDO": 10**8,
    "SOL": 10**9,
    "MATIC": GWEI,
    "LINK": GWEI,
    "ATOM": 10**6,
    "BTC-TESTNET": 10**8,
    "ETH-GOERLI": GWEI,
    "QCOIN-1": 1,
}
"""Base units in one unit of each asset, where an account of the cast has no other."""


def base_units(text: str, scale: int) -> int:
    """Return an amount, written as a decimal in whole units, in base units (rounded down)."""
    return int(Fraction(text) * scale)


WITHDRAW, TRANSFER, SWAP, SWEEP, DEPOSIT = 1, 2, 3, 4, 6
"""The types of a transaction that moves an asset, as Qredo numbers them."""


class Purpose(NamedTuple):
    """What a flow is for: the type of what comes and of what goes, and who is opposite."""

    comes: int
    goes: int
    counterparty_id: str = ""
    counterparty: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """A holding's side of a flow: ``swing`` base units at a full flow, or none if ``falling``."""

    flow: Flow
    swing: int
    falling: bool
    purpose: Purpose

    def levels(self, second: int) -> tuple[int, int]:
        """Return what is settled, and what would be if proposals were approved, in base units."""
        stage = self.flow.stage(second)
        return self._at(stage.settled), self._at(stage.proposed)

    def change(self, move: Move) -> int:
        """Return the base units that a move brings, or would have brought."""
        return self._at(move.proposed) - self._at(move.before)

    def _at(self, level: int) -> int:
        units = self.swing * level >> LEVEL_BITS
        return self.swing - units if self.falling else units


class Amounts(NamedTuple):
    """``total = available + pending_in - pending_out``, none negative, all in base units.

    Total is where the balance goes: a proposal moves it at once and pends; its approval moves what
    is available.
    """

    total: int
    available: int
    pending_in: int
    pending_out: int

    @classmethod
    def of(cls, base: int, legs: Iterable[Leg], second: int) -> Self:
        """Return what a base and legs come to. Each leg keeps the identity, so their sum does."""
        available, pending_in, pending_out = base, 0, 0
        for leg in legs:
            settled, proposed = leg.levels(second)
            available += settled
            if proposed > settled:
                pending_in += proposed - settled
            else:
                pending_out += settled - proposed
        return cls(available + pending_in - pending_out, available, pending_in, pending_out)

    @classmethod
    def sum(cls, several: Iterable[Self]) -> Self:
        """Return the amounts of several wallets together."""
        return cls(*map(sum, zip(*several, strict=True)))


@dataclass(frozen=True, slots=True)
class Holding:
    """One asset of one account: a base that never moves, and legs that do."""

    asset: str
    scale: int
    base: int
    legs: tuple[Leg, ...]
    leaves: bool  # whether the asset is missing from answers while it holds nothing

    def amounts(self, second: int) -> Amounts:
        """Return the amounts at a Unix second."""
        return Amounts.of(self.base, self.legs, second)

    def until(self, second: int) -> int:
        """Return the first later second at which it may change."""
        return min((leg.flow.stage(second).until for leg in self.legs), default=second + 86_400)
