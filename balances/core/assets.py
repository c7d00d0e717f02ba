"""Real and test assets, which never mix."""

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal

from django.conf import settings

from accounts.models import Environment

Kind = Literal["production", "testnet"]


def kind_of(environment: str, asset: str) -> Kind:
    """Return what kind of money an asset is in an environment."""
    return "testnet" if is_test_money(environment, asset) else "production"


def asset_key(asset: str, kind: Kind) -> str:
    """Return what names an asset of one kind of money among the rows of a page."""
    return f"{kind}:{asset}"


def is_test_money(environment: str, asset: str) -> bool:
    """Whether an asset is worthless in an environment: all of a sandbox's, some names elsewhere."""
    return environment == Environment.SANDBOX or is_testnet_name(asset)


@lru_cache(maxsize=10_000)
def is_testnet_name(asset: str) -> bool:
    """Whether an asset is test money by its name alone, in any case of letters."""
    return any(fnmatchcase(asset.upper(), pattern.upper()) for pattern in settings.TESTNET_ASSETS)


def environments_of(asset: str, *, as_test_money: bool) -> tuple[str, ...]:
    """Return the environments in whose accounts an asset is test money, or real money."""
    return tuple(one.value for one in Environment if is_test_money(one, asset) == as_test_money)
