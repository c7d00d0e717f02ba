"""Real and test assets, which never mix."""

from typing import Literal

from balances.core.testnet import is_test_money

Kind = Literal["production", "testnet"]


def kind_of(environment: str, asset: str) -> Kind:
    """Return what kind of money an asset is in an environment."""
    return "testnet" if is_test_money(environment, asset) else "production"


def asset_key(asset: str, kind: Kind) -> str:
    """Return what names an asset of one kind of money among the rows of a page."""
    return f"{kind}:{asset}"
