"""Funds and wallets: what an account holds, divided by the flows that move it.

The first flow of a holding, with all that never moves, is a wallet of the main fund; each further
flow is a wallet of the second fund. So the wallets of an asset together hold what ``GET /balance``
calls available. An archived fund, and a wallet that waits for approval, hold nothing.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from qredo_sandbox.addresses import address
from qredo_sandbox.chance import material
from qredo_sandbox.holdings import SWEEP, Amounts, Leg
from qredo_sandbox.world import Account, Entries, figures_of

STANDARD, FEE = 0, 5


@dataclass(frozen=True, slots=True)
class Wallet:
    """One asset in one fund."""

    id: str
    fund_id: str
    name: str
    asset: str
    scale: int
    base: int = 0
    legs: tuple[Leg, ...] = ()
    status: str = "ready"

    def balance(self, second: int) -> int:
        """Return what is settled in it at a Unix second, in base units."""
        return self.amounts(second).available

    def amounts(self, second: int) -> Amounts:
        """Return what is in it at a Unix second and what pends, in base units."""
        return Amounts.of(self.base, self.legs, second)

    @property
    def address(self) -> str:
        """Return where deposits go; a wallet that is not ready has no address yet."""
        return address(self.asset, self.id) if self.status == "ready" else ""

    @property
    def type(self) -> int:
        """Return Qredo's number for the kind of wallet."""
        return FEE if any(leg.purpose.goes == SWEEP for leg in self.legs) else STANDARD


@dataclass(frozen=True, slots=True)
class Fund:
    """A fund of an account."""

    id: str
    name: str
    archived: bool = False
    wallets: list[Wallet] = field(default_factory=list)


def funds_of(account: Account) -> list[Fund]:
    """Return an account's funds with their wallets, the archived ones too."""
    if account.told is not None:
        return [_told(account, account.told)]
    if not account.holdings:
        return []
    main, second = _fund(account, "Main fund"), _fund(account, "Second fund")
    for holding in account.holdings:
        coin = _Coin(holding.asset, holding.scale)
        main.wallets.append(_wallet(account, main, coin, holding.base, *holding.legs[:1]))
        for leg in holding.legs[1:]:
            second.wallets.append(_wallet(account, second, coin, 0, leg))
    first = _Coin(account.holdings[0].asset, account.holdings[0].scale)
    main.wallets.append(_unready(account, main, first, "pending"))
    closed = _fund(account, "Closed fund", archived=True)
    closed.wallets.extend(_unready(account, closed, first, why) for why in ("expired", "rejected"))
    return [main, *([second] if second.wallets else []), closed]


def funds_within(account: Account, fund_id: str, wallet_id: str) -> list[Fund]:
    """Return an account's funds, only one of them or only one of its wallets if so asked."""
    funds = [fund for fund in funds_of(account) if fund_id in ("", fund.id)]
    if not wallet_id:
        return funds
    narrowed = (
        replace(fund, wallets=[one for one in fund.wallets if one.id == wallet_id])
        for fund in funds
    )
    return [fund for fund in narrowed if fund.wallets]


def held_in(account: Account, wallets: list[Wallet], second: int) -> Entries:
    """Return what some wallets of an account hold together, as ``GET /balance`` tells it."""
    by_asset: dict[str, list[Wallet]] = {}
    for wallet in wallets:
        by_asset.setdefault(wallet.asset, []).append(wallet)
    if account.told is not None:
        return _told_of(account, account.told, {wallet.id for wallet in wallets})
    return {
        asset: [
            figures_of(Amounts.sum(one.amounts(second) for one in by_asset[asset]), told["scale"])
        ]
        for asset, told in (account.assets(second) or {}).items()
        if asset in by_asset
    }


def wallets_of(account: Account) -> Iterator[Wallet]:
    """Yield the wallets of all funds."""
    for fund in funds_of(account):
        yield from fund.wallets


def _told(account: Account, assets: Entries) -> Fund:
    """Hold what the account was told to answer; such amounts never moved."""
    fund = _fund(account, "Main fund")
    for asset, several in assets.items():
        for number, figures in enumerate(several):
            coin = _Coin(asset, figures["scale"])
            wallet = _wallet(account, fund, coin, figures["available"])
            fund.wallets.append(replace(wallet, id=_told_id(account, fund, asset, number)))
    return fund


def _told_of(account: Account, assets: Entries, wallet_ids: set[str]) -> Entries:
    """Return what is told of some wallets: each has one entry, and all of it is told."""
    fund = _fund(account, "Main fund")
    found: Entries = {}
    for asset, several in assets.items():
        for number, figures in enumerate(several):
            if _told_id(account, fund, asset, number) in wallet_ids:
                found.setdefault(asset, []).append(figures)
    return found


def _told_id(account: Account, fund: Fund, asset: str, number: int) -> str:
    """Return the id of an asset's wallet, the first one being 0."""
    parts = (asset, str(number)) if number else (asset,)
    return _id("wallet", account.id, fund.id, *parts)


def _id(*parts: str) -> str:
    return urlsafe_b64encode(material(21, *parts)).decode()


def _fund(account: Account, name: str, *, archived: bool = False) -> Fund:
    return Fund(_id("fund", account.id, name), name, archived)


class _Coin(NamedTuple):
    asset: str
    scale: int


def _wallet(account: Account, fund: Fund, coin: _Coin, base: int, *legs: Leg) -> Wallet:
    wallet_id = _id("wallet", account.id, fund.id, coin.asset)
    return Wallet(wallet_id, fund.id, f"{coin.asset} wallet", *coin, base, legs)


def _unready(account: Account, fund: Fund, coin: _Coin, status: str) -> Wallet:
    wallet_id = _id("wallet", account.id, fund.id, status)
    return Wallet(wallet_id, fund.id, f"New {coin.asset} wallet", *coin, status=status)
