"""The vault: secrets sealed for one row and one field, opened only inside the signing layer.

A sealed secret is bound to its key's uid, its account's uid, the field and the format, so that a
ciphertext copied to another row does not open.
"""

import base64
from functools import cache
from uuid import UUID

import tink
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from tink import hybrid

from accounts import keysets
from qredo import Secret

#: Names how a stored text was made; a database check refuses any other beginning.
FORMAT = "hpke1"


class VaultError(Exception):
    """A sealed secret that does not open: another keyset, or a row that was tampered with."""


def seal(secret: Secret, *, key_uid: UUID, account_uid: UUID) -> str:
    """Return the stored form of a secret. Needs the public keyset only."""
    sealed = _sealer().encrypt(secret.reveal(), _context(key_uid, account_uid))
    return f"{FORMAT}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"


def unseal(stored: str, *, key_uid: UUID, account_uid: UUID) -> Secret:
    """Return the secret of a stored form. Raise `VaultError` if it does not open."""
    name, _, text = stored.partition(".")
    if name != FORMAT:
        raise VaultError("A stored key has a format that this version does not know.")
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return Secret(_opener().decrypt(sealed, _context(key_uid, account_uid)))
    except (tink.TinkError, keysets.BadKeysetError, ValueError):
        raise VaultError("A stored key does not open with this installation's keyset.") from None


def check(*, opens: bool) -> None:
    """Raise `ImproperlyConfigured` unless the keysets at hand can be used and belong together.

    Whoever `opens` stored keys needs the private one.
    """
    probe = b"check"
    try:
        sealed = _sealer().encrypt(probe, probe)
        if opens or settings.VAULT_KEYSET:
            _opener().decrypt(sealed, probe)
    except (tink.TinkError, keysets.BadKeysetError):
        raise ImproperlyConfigured(
            "The vault's keysets cannot be read or do not belong together. Restore the right ones;"
            " nothing was changed."
        ) from None


def _context(key_uid: UUID, account_uid: UUID) -> bytes:
    return f"qredo-dash|{FORMAT}|api_key.secret|{key_uid}|{account_uid}".encode()


@cache
def _sealer() -> hybrid.HybridEncrypt:
    public = settings.VAULT_PUBLIC_KEYSET or keysets.public_half(_private())
    return keysets.sealer(public)


@cache
def _opener() -> hybrid.HybridDecrypt:
    return keysets.opener(_private())


def _private() -> str:
    if not settings.VAULT_KEYSET:
        raise ImproperlyConfigured("Set VAULT_KEYSET_FILE: this process has to open stored keys.")
    return str(settings.VAULT_KEYSET)
