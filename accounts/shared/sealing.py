"""Sealing what the web process has to open again: a copied database holds none of it in plain.

Seeds of second factors, and what sessions hold; each purpose has a key of its own.

Not by the vault: the web process has to check codes, and there it cannot open anything.
"""

import base64
import logging
import secrets
from functools import cache
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.signing import BadSignature

logger = logging.getLogger(__name__)


#: The purpose of what is sealed for second factors.
SEEDS: Final = b"qredo-dash second factors"


def seal(text: str, *, purpose: bytes = SEEDS) -> str:
    """Return the text as it is stored."""
    return _box(purpose).encrypt(text.encode()).decode()


def opened(sealed: str, *, purpose: bytes) -> str:
    """Return a sealed text. Raise `BadSignature` for what was not sealed here for it."""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise BadSignature("This was not sealed here.") from None


def unseal(sealed: str) -> str:
    """Return a seed; what was sealed under a key that is gone becomes one that fits no code."""
    try:
        return opened(sealed, purpose=SEEDS)
    except BadSignature:
        logger.error("a second factor cannot be opened: SECRET_KEY has changed")  # noqa: TRY400 - the reason is known
        return base64.b32encode(secrets.token_bytes(20)).decode()


def _box(purpose: bytes) -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(_derived(key, purpose)) for key in keys])


@cache
def _derived(secret: str, purpose: bytes) -> bytes:
    key = HKDF(SHA256(), 32, salt=None, info=purpose).derive(secret.encode())
    return base64.urlsafe_b64encode(key)
