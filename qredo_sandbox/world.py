"""The world: what every account holds when, a pure function of seed, account and time."""

import json
from base64 import urlsafe_b64encode
from typing import NamedTuple

from qredo_sandbox.cast import CAST
from qredo_sandbox.chance import key_for, material
from qredo_sandbox.dialect import Dialect
from qredo_sandbox.flows import Flow
from qredo_sandbox.holdings import (
    DEPOSIT,
    SWAP,
    SWEEP,
    TRANSFER,
    WITHDRAW,
    Amounts,
    Holding,
    Leg,
    Purpose,
    base_units,
)
from qredo_sandbox.plot import Part, Role, Side

Figures = dict[str, int]
"""The five figures of an asset in ``GET /balance``, named as Qredo names them."""

Assets = dict[str, Figures]
"""Asset to its figures."""

Entries = dict[str, list[Figures]]
"""Asset to the entries that tell it: mostly one; of several, one for each wallet that holds it."""

_FOREVER = 1 << 62

_ENDS: dict[str, list[tuple[Role, str]]] = {}
"""Flow by name to the holdings that it moves."""

for _role in CAST:
    for _part in _role.parts or ():
        for _side in _part.sides:
            _ENDS.setdefault(_side.stream.name, []).append((_role, _part.asset))


class Spell(NamedTuple):
    """A body of ``GET /balance``, true for the Unix seconds ``since`` <= t < ``until``."""

    since: int
    until: int
    body: bytes


def figures_of(amounts: Amounts, scale: int) -> Figures:
    """Return the five figures of an asset."""
    return {
        "total": amounts.total,
        "available": amounts.available,
        "pendingIn": amounts.pending_in,
        "pendingOut": amounts.pending_out,
        "scale": scale,
    }


def single(assets: Assets | None) -> Entries | None:
    """Return assets with one entry each."""
    return None if assets is None else {name: [figures] for name, figures in assets.items()}


def encode(assets: Entries | None, *, as_list: bool = False) -> bytes:
    """Return the body of ``GET /balance``: assets as an object or a list of one-key objects.

    Several entries of one asset only a list can tell.
    """
    told: object = None
    if assets is not None:
        entries = [(name, figures) for name, several in assets.items() for figures in several]
        if as_list or len(entries) > len(assets):
            told = [{name: figures} for name, figures in entries]
        else:
            told = dict(entries)
    return json.dumps({"assets": told}, separators=(",", ":")).encode()


class Account:
    """An account of the world. The last answer is kept to save work, and decides no other."""

    def __init__(self, account_id: str, role: Role, holdings: tuple[Holding, ...] | None) -> None:
        self.id = account_id
        self.role = role
        self.told: Entries | None = None
        self.dialect = Dialect()
        self._holdings = holdings
        self._spell = Spell(0, 0, b"")

    @property
    def holdings(self) -> tuple[Holding, ...]:
        """Return what it holds in the world, whatever it was told to answer."""
        return self._holdings or ()

    def assets(self, second: int) -> Assets | None:
        """Return what it holds at a Unix second, in base units; None without Fund or Wallet."""
        if self._holdings is None:
            return None
        found: Assets = {}
        for holding in self._holdings:
            amounts = holding.amounts(second)
            if any(amounts) or not holding.leaves:
                found[holding.asset] = figures_of(amounts, holding.scale)
        return found

    def balance(self, second: int) -> bytes:
        """Return the body of ``GET /balance`` at a Unix second."""
        spell = self._spell
        if not spell.since <= second < spell.until:
            spell = self._spell = self._spell_at(second)
        return spell.body

    def encoded(self, assets: Entries | None) -> bytes:
        """Return assets in the form in which this account answers."""
        return encode(assets, as_list=self.role.as_list)

    def tell(self, assets: Entries | None) -> None:
        """Answer these assets from now on; None goes back to the world's own."""
        self.told = assets
        self._spell = Spell(0, 0, b"")

    def _spell_at(self, second: int) -> Spell:
        if self.told is not None:
            return Spell(-_FOREVER, _FOREVER, self.encoded(self.told))
        until = min((holding.until(second) for holding in self.holdings), default=_FOREVER)
        return Spell(second, until, self.encoded(single(self.assets(second))))


class World:
    """All accounts of one seed, by id, in the order of the cast."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._flows: dict[str, Flow] = {}
        made = [self._account(role) for role in CAST]
        self.accounts = {account.id: account for account in made}

    def _account(self, role: Role) -> Account:
        parts = role.parts
        holdings = None if parts is None else tuple(self._holding(role, part) for part in parts)
        return Account(self._id("account", role.title), role, holdings)

    def _id(self, *parts: str) -> str:
        return urlsafe_b64encode(material(15, self.seed, *parts)).decode()

    def _holding(self, role: Role, part: Part) -> Holding:
        base = base_units(part.base, part.scale)
        # Up to an eighth more, so that amounts have every digit that the asset can have.
        extra = key_for(self.seed, role.title, part.asset) * base >> 67
        legs = tuple(self._leg(role, part, side) for side in part.sides)
        return Holding(part.asset, part.scale, base + extra, legs, part.leaves)

    def _leg(self, role: Role, part: Part, side: Side) -> Leg:
        stream = side.stream
        if stream.name not in self._flows:
            flow = Flow(self.seed, stream.name, stream.tempo, stream.shape)
            self._flows[stream.name] = flow
        purpose = self._purpose(role, part.asset, side)
        swing = base_units(side.swing, part.scale)
        return Leg(self._flows[stream.name], swing, side.falling, purpose)

    def _purpose(self, role: Role, asset: str, side: Side) -> Purpose:
        name = side.stream.name
        opposite = [at for at, other in _ENDS[name] if (at.title, other) != (role.title, asset)]
        if not opposite:
            # Who mirrors a flow from outside gathers bit by bit what is then swept at once.
            return Purpose(DEPOSIT, SWEEP if side.falling else WITHDRAW)
        if opposite[0].title == role.title:
            return Purpose(SWAP, SWAP, self._id("counterparty", name), "Demo counterparty")
        other = opposite[0].title
        return Purpose(TRANSFER, TRANSFER, self._id("account", other), other)
