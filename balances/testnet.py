"""Which assets are worthless test money."""

from fnmatch import fnmatchcase
from functools import lru_cache

from django.conf import settings

from accounts.models import Account, Environment


def is_testnet(account: Account, asset: str) -> bool:
    """Whether an asset of an account is test money: all of a sandbox's, some names elsewhere."""
    return account.environment == Environment.SANDBOX or is_testnet_name(asset)


@lru_cache(maxsize=10_000)
def is_testnet_name(asset: str) -> bool:
    """Whether an asset is test money by its name alone, in any case of letters."""
    return any(fnmatchcase(asset.upper(), pattern.upper()) for pattern in settings.TESTNET_ASSETS)


def environments_of(asset: str, *, is_test_money: bool) -> tuple[str, ...]:
    """Return the environments in whose accounts an asset is test money, or real money."""
    return tuple(
        one.value
        for one in Environment
        if (one == Environment.SANDBOX or is_testnet_name(asset)) == is_test_money
    )
