"""The two files of a keyset: read, made and replaced whole, by one command at a time."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from accounts.vault import keysets


class FilesError(Exception):
    """Files that cannot be read or written; the message says why and never quotes them."""


@dataclass(frozen=True, slots=True)
class KeysetFiles:
    """Where a private keyset and its public half lie."""

    private: Path
    public: Path

    def read(self) -> str:
        """Return the private keyset. Raise `FilesError`."""
        try:
            return self.private.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise FilesError(f"{self.private.name} cannot be read: {error.strerror}.") from None

    def make(self) -> str:
        """Write a new keyset where there is none yet, and return it. Raise `FilesError`."""
        taken = [path.name for path in (self.private, self.public) if path.exists()]
        if taken:
            raise FilesError(f"{taken[0]} is there already. A keyset is never overwritten.")
        private = keysets.new_keyset()
        self.replace(private)
        return private

    def replace(self, private: str) -> None:
        """Put a keyset in place of the one that is there, so that no reader finds half of one."""
        try:
            # What opens comes first: nothing is sealed that could not be opened yet.
            _put(self.private, private)
            _put(self.public, keysets.public_half(private))
        except OSError as error:
            raise FilesError(f"The keyset cannot be written: {error.strerror}.") from None


def files_in(folder: Path) -> KeysetFiles:
    """Return the files of a folder: those of an embedded installation if it is one's `DATA_DIR`."""
    if (folder / "vault.json").exists():
        return KeysetFiles(folder / "vault.json", folder / "vault-public.json")
    return KeysetFiles(folder / "vault_keyset", folder / "vault_public_keyset")


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other commands out of a folder meanwhile. Raise `FilesError` if there is none."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise FilesError(f"{folder} cannot be used: {error.strerror}.") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _put(path: Path, text: str) -> None:
    mode, owner = 0o600, os.geteuid()
    if path.exists():
        mode, owner = path.stat().st_mode & 0o777, path.stat().st_uid
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        if owner != os.geteuid():
            os.chown(draft, owner, -1)
        draft.chmod(mode)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
