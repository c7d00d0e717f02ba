"""The keysets that this process holds, read when they are first needed.

A file is read again when a text turns up that was sealed with a key that is not held yet, so that
a rotation needs no restart where processes read the file itself.
"""

import shlex
import subprocess
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from tink import hybrid

from accounts.vault import keysets

#: Seconds within which the command that unwraps the keyset has to end.
UNWRAPPING_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class _Opener:
    key_ids: frozenset[int]
    primitive: hybrid.HybridDecrypt


@dataclass(slots=True)
class _Held:
    opener: _Opener | None = None


_held = _Held()


def may_open() -> bool:
    """Whether this process was given the private keyset."""
    return bool(
        settings.VAULT_KEYSET or settings.VAULT_KEYSET_FILE or settings.VAULT_KEYSET_COMMAND
    )


def sealer() -> hybrid.HybridEncrypt:
    """Return what seals, with the key that is primary now."""
    return _sealer_of(_public())


def opener_for(key_id: int) -> hybrid.HybridDecrypt:
    """Return what opens what a key sealed, if that key is held at all."""
    held = _held.opener
    if held is None or key_id not in held.key_ids:
        # Replaced only when it could be read: what was held goes on opening.
        held = _held.opener = _opener_of(_private())
    return held.primitive


def key_ids() -> tuple[int, ...]:
    """Return the ids of the keys that this process holds, or holds the public halves of."""
    return keysets.key_ids(_private() if may_open() else _public())


def primary_id() -> int:
    """Return the id of the key that seals."""
    return keysets.primary_id(_public())


@lru_cache(maxsize=1)
def _sealer_of(public: str) -> hybrid.HybridEncrypt:
    return keysets.sealer(public)


def _opener_of(private: str) -> _Opener:
    return _Opener(frozenset(keysets.key_ids(private)), keysets.opener(private))


def _public() -> str:
    if settings.VAULT_PUBLIC_KEYSET:
        return str(settings.VAULT_PUBLIC_KEYSET)
    if settings.VAULT_PUBLIC_KEYSET_FILE:
        return _text_of(settings.VAULT_PUBLIC_KEYSET_FILE, "VAULT_PUBLIC_KEYSET_FILE")
    return keysets.public_half(_private())


def _private() -> str:
    if settings.VAULT_KEYSET:
        return str(settings.VAULT_KEYSET)
    if settings.VAULT_KEYSET_FILE:
        return _text_of(settings.VAULT_KEYSET_FILE, "VAULT_KEYSET_FILE")
    if settings.VAULT_KEYSET_COMMAND:
        return _unwrapped(settings.VAULT_KEYSET_COMMAND)
    raise ImproperlyConfigured("Set VAULT_KEYSET_FILE: this process has to open stored keys.")


def _text_of(path: str, name: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
    # Outside of an error of decoding, which holds the file's bytes.
    raise ImproperlyConfigured(f"{name} names a file that cannot be read: {reason}.")


@cache
def _unwrapped(command: str) -> str:
    """Run the command once a process; its standard error is for the operator, its output for us."""
    text, reason = _output_of(command)
    if reason:
        raise ImproperlyConfigured(f"VAULT_KEYSET_COMMAND gave no keyset: {reason}.")
    return text


def _output_of(command: str) -> tuple[str, str]:
    """Return what a command wrote, or nothing and why; no error holds what it wrote."""
    try:
        ran = subprocess.run(
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=UNWRAPPING_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "", f"it did not end within {UNWRAPPING_PATIENCE} s"
    except OSError as error:
        return "", str(error.strerror)
    except ValueError:
        return "", "its quotation marks do not match"
    if ran.returncode != 0:
        return "", f"it ended with {ran.returncode}"
    return ran.stdout.decode("ascii", "replace").strip(), ""
