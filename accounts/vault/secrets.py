"""The vault: secrets sealed for one row and one field, opened only inside the signing layer.

A sealed secret is bound to its key's uid, its account's uid, the field and the format, so that a
ciphertext copied to another row does not open.
"""

import base64
import binascii
from uuid import UUID

import tink
from django.core.exceptions import ImproperlyConfigured

from accounts.vault import keyring, keysets
from qredo import Secret

#: Names how a stored text was made; a database check refuses any other beginning.
FORMAT = "hpke1"
#: So much of a stored text tells the vault key that sealed it: the format and 42 bits of Base64.
TELLING = len(FORMAT) + 1 + 7


class VaultError(Exception):
    """A sealed secret that does not open: another keyset, or a row that was tampered with."""


def seal(secret: Secret, *, key_uid: UUID, account_uid: UUID) -> str:
    """Return the stored form of a secret. Needs the public keyset only."""
    sealed = keyring.sealer().encrypt(secret.reveal(), _context(key_uid, account_uid))
    return f"{FORMAT}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"


def unseal(stored: str, *, key_uid: UUID, account_uid: UUID) -> Secret:
    """Return the secret of a stored form. Raise `VaultError` if it does not open."""
    try:
        sealed = _bytes_of(stored)
        opener = keyring.opener_for(keysets.sealing_id(sealed))
        return Secret(opener.decrypt(sealed, _context(key_uid, account_uid)))
    except (tink.TinkError, keysets.BadKeysetError, ValueError):
        raise VaultError("A stored key does not open with this installation's keyset.") from None


def resealed(stored: str, *, key_uid: UUID, account_uid: UUID) -> str:
    """Return a stored form sealed anew, with the key that is primary now."""
    secret = unseal(stored, key_uid=key_uid, account_uid=account_uid)
    return seal(secret, key_uid=key_uid, account_uid=account_uid)


def vault_key_of(stored: str) -> int | None:
    """Return the id of the vault key that sealed a text, of which the beginning is enough."""
    try:
        return keysets.sealing_id(_bytes_of(stored[:TELLING]))
    except (VaultError, ValueError):
        return None


def held_keys() -> tuple[int, ...]:
    """Return the ids of the vault keys that this process knows, oldest first."""
    return keyring.key_ids()


def primary_key() -> int:
    """Return the id of the vault key that seals."""
    return keyring.primary_id()


def check(*, opens: bool = False) -> None:
    """Raise `ImproperlyConfigured` unless the keysets at hand can be used and belong together.

    Whoever `opens` stored keys needs the private one.
    """
    probe = b"check"
    try:
        sealed = keyring.sealer().encrypt(probe, probe)
        if opens or keyring.may_open():
            keyring.opener_for(keysets.sealing_id(sealed)).decrypt(sealed, probe)
    except (tink.TinkError, keysets.BadKeysetError):
        raise ImproperlyConfigured(
            "The vault's keysets cannot be read or do not belong together. Restore the right ones;"
            " nothing was changed."
        ) from None


def _bytes_of(stored: str) -> bytes:
    name, _, text = stored.partition(".")
    if name != FORMAT:
        raise VaultError("A stored key has a format that this version does not know.")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise VaultError("A stored key is damaged: it is no Base64.") from None


def _context(key_uid: UUID, account_uid: UUID) -> bytes:
    return f"qredo-dash|{FORMAT}|api_key.secret|{key_uid}|{account_uid}".encode()
