"""Rotating the vault: which vault key sealed what is stored, and sealing it anew with the primary.

Nothing here needs polling to stop. A text is replaced on condition that it still is the one that
was opened, so whoever replaces or revokes a key meanwhile wins; and the keyset opens old and new.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Count, QuerySet
from django.db.models.functions import Left

from accounts.models import ApiKey
from accounts.vault import secrets

log = logging.getLogger(__name__)

BATCH = 200


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: how many texts it sealed anew, and the keys that it could not open."""

    resealed: int
    unreadable: tuple[ApiKey, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How many stored secrets each vault key has sealed; keys of the keyset that sealed none too.

    `None` stands for a text that no vault key has sealed.
    """

    primary: int
    held: tuple[int, ...]
    sealed_with: dict[int | None, int]

    @property
    def left(self) -> int:
        """How many another key than the primary has sealed."""
        return sum(many for key, many in self.sealed_with.items() if key != self.primary)

    @property
    def retirable(self) -> tuple[int, ...]:
        """The keys that nothing stored needs any more."""
        idle = (key for key, many in self.sealed_with.items() if key is not None and not many)
        return tuple(key for key in idle if key != self.primary)


def standing() -> Standing:
    """Return what is sealed with which vault key now."""
    held = secrets.held_keys()
    return Standing(secrets.primary_key(), held, {**dict.fromkeys(held, 0), **counts()})


def counts() -> Counter[int | None]:
    """Return how many stored secrets each vault key has sealed; `None` stands for no key at all."""
    found: Counter[int | None] = Counter()
    beginnings = _sealed().annotate(beginning=Left("sealed", secrets.TELLING)).values("beginning")
    for beginning, many in beginnings.annotate(many=Count("pk")).values_list("beginning", "many"):
        found[secrets.vault_key_of(beginning)] += many
    return found


def rotate() -> Rotated:
    """Seal anew what another vault key than the primary has sealed. Goes on where one broke off."""
    primary = secrets.primary_key()
    resealed, unreadable = 0, list[ApiKey]()
    for key in _in_batches():
        if secrets.vault_key_of(key.sealed) == primary:
            continue
        try:
            resealed += _replace(key)
        except secrets.VaultError:
            unreadable.append(key)
    return Rotated(resealed, tuple(unreadable))


def sealed_with(vault_key: int) -> list[ApiKey]:
    """Return the active API keys whose secret a vault key has sealed."""
    return [key for key in _in_batches() if secrets.vault_key_of(key.sealed) == vault_key]


def check_stored() -> None:
    """Raise `ImproperlyConfigured` if nothing stored fits the keyset; log what else does not.

    A keyset that opens nothing is another installation's: nothing may be sealed with it. Some keys
    that do not open cost their accounts, and neither the site nor the others.
    """
    held = set(secrets.held_keys())
    found = counts()
    lost = {key: many for key, many in found.items() if key not in held}
    if not lost:
        return
    explained = _explained(lost, found.total(), held)
    if len(lost) == len(found):
        raise ImproperlyConfigured(explained)
    log.error("%s Until then these accounts fail and all others go on.", explained)


def _explained(lost: dict[int | None, int], total: int, held: set[int]) -> str:
    names = ", ".join(sorted("none at all" if key is None else str(key) for key in lost))
    return (
        f"The vault's keyset does not fit this database: {sum(lost.values())} of {total} stored"
        f" API keys were sealed with vault key {names}, and the keyset has"
        f" {', '.join(map(str, sorted(held)))}. Restore the keyset that has all of them;"
        " nothing was changed. If it is lost for good, `manage.py revoke_lost_keys VAULT_KEY` lets"
        " the accounts wait for new API keys."
    )


def _sealed() -> "QuerySet[ApiKey]":
    return ApiKey.objects.exclude(sealed="").order_by()


def _in_batches() -> Iterator[ApiKey]:
    after = 0
    while batch := list(
        _sealed().filter(pk__gt=after).select_related("account").order_by("pk")[:BATCH]
    ):
        yield from batch
        after = batch[-1].pk


def _replace(key: ApiKey) -> int:
    sealed = secrets.resealed(key.sealed, key_uid=key.uid, account_uid=key.account.uid)
    return ApiKey.objects.filter(pk=key.pk, sealed=key.sealed).update(sealed=sealed)
