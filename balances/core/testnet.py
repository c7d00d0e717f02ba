"""Which assets are worthless test money."""

from fnmatch import fnmatchcase
from functools import lru_cache

from django.conf import settings

from accounts.models import Environment


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
