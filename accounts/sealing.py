"""Seeds of second factors, sealed before they are stored; a copied database holds none in plain.

Not by the vault: the web process has to check codes, and there it cannot open anything.
"""

import base64
import logging
import secrets
from collections.abc import Iterator

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

logger = logging.getLogger(__name__)


def seal(text: str) -> str:
    """Return the text as it is stored."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the text; what was sealed under a key that is gone becomes one that fits no code."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        logger.error("a second factor cannot be opened: SECRET_KEY has changed")  # noqa: TRY400 - the reason is known
        return base64.b32encode(secrets.token_bytes(20)).decode()


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in _keys()])


def _keys() -> Iterator[bytes]:
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        derived = HKDF(SHA256(), 32, salt=None, info=b"qredo-dash second factors")
        yield base64.urlsafe_b64encode(derived.derive(secret.encode()))
