"""Entries: the moves of the world's flows as ledgers and histories tell them, newest first.

The world has no beginning, so a wallet's list has: the newest 200 entries of the last 90 days.

An entry bears the second at which its status began: proposed while it pends, settled or refused
afterwards. Which way it went is known here and is in no answer, as Qredo's entries do not tell it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge

from qredo_sandbox.addresses import address, on_chain
from qredo_sandbox.flows import DAY, Move
from qredo_sandbox.holdings import DEPOSIT, Leg
from qredo_sandbox.wallets import Wallet

WINDOW = 90 * DAY
MOST = 200
APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Entry:
    """One move in one wallet, as it stands at a second."""

    wallet: Wallet
    leg: Leg
    move: Move
    timestamp: int
    status: str
    drawn: bytes

    @property
    def change(self) -> int:
        """Return the base units by which the wallet changes, or would: negative if they leave."""
        return self.leg.change(self.move)

    @property
    def type(self) -> int:
        """Return Qredo's number for the kind of transaction."""
        return self.leg.purpose.comes if self.change > 0 else self.leg.purpose.goes

    @property
    def fees(self) -> int:
        """Return the base units that a chain takes of what leaves: less than a thousandth."""
        leaving = max(-self.change, 0) if self._outside else 0
        return leaving * (self.drawn[0] & 15) >> 14

    @property
    def tx_id(self) -> str:
        """Return the transaction's id, the same in every wallet that it moves."""
        return self.drawn[:20].hex()

    @property
    def chain_tx_id(self) -> str:
        """Return its id on the asset's own chain, which knows deposits and withdrawals only."""
        if not self._outside or self.status != APPROVED:
            return ""
        return on_chain(self.wallet.asset, self.drawn[20:])

    @property
    def address(self) -> str:
        """Return where it went on chain: to the wallet, or out to one of four addresses."""
        if not self._outside:
            return ""
        if self.change > 0:
            return self.wallet.address
        return address(self.wallet.asset, self.wallet.id, str(self.drawn[1] & 3))

    @property
    def _outside(self) -> bool:
        return self.leg.purpose.comes == DEPOSIT


def entries(wallet: Wallet, second: int) -> Iterator[Entry]:
    """Yield the entries of a wallet at a Unix second, newest first, as far as the window goes."""
    each = [_of_leg(wallet, leg, second) for leg in wallet.legs]
    return merge(*each, key=lambda entry: entry.timestamp, reverse=True)


def _of_leg(wallet: Wallet, leg: Leg, second: int) -> Iterator[Entry]:
    since = second - WINDOW
    for move in leg.flow.moves(since, second):
        timestamp = move.opens if second < move.settles else move.settles
        change = leg.change(move)
        if change and timestamp > since:
            deposit = change > 0 and leg.purpose.comes == DEPOSIT
            status = _status(move, second, deposit=deposit)
            yield Entry(wallet, leg, move, timestamp, status, leg.flow.material(move, 52))


def _status(move: Move, second: int, *, deposit: bool) -> str:
    """Both sides of a transfer or swap have one status; nobody initiates a deposit here."""
    approved, stillborn = move.after == move.proposed, not deposit and move.period & 1
    if second >= move.settles:
        if approved:
            return APPROVED
        return "initiate_rejected" if stillborn else "expired"
    initiated = move.opens + (move.settles - move.opens) // 4
    if not deposit and (second < initiated or (stillborn and not approved)):
        return "pending_initiate"
    return "pending"
