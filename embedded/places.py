"""Folders beside the data folder: short ones for sockets, reachable ones for root's servers."""

import hashlib
import os
import secrets
import stat
from pathlib import Path

from embedded.account import Account
from embedded.errors import StoresError

# Not the environment's TMPDIR: a cron job and a shell have to look in the same place.
SOCKETS = Path("/tmp")  # noqa: S108 - owner and mode of everything below are checked
SHARED = Path("/var/lib/qredo-dash")


def socket_folder(folder: Path) -> Path:
    """Name the sockets' folder, short however deep the data folder lies."""
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return SOCKETS / f"qredo-dash-{os.geteuid()}" / digest


def make_socket_folder(folder: Path, account: Account) -> None:
    """Make it, or check the one that is there: who can write to it could answer in our place."""
    path = socket_folder(folder)
    _make(path.parent, 0o700 if account.is_caller else 0o711, Account(os.geteuid(), os.getegid()))
    _make(path, 0o700, account)


def server_folder(folder: Path, account: Account) -> str:
    """Choose for a first start where the servers' data goes; empty is the data folder itself."""
    if account.is_caller or account.can_reach(folder):
        return ""
    place = shared_folder() / secrets.token_hex(6)
    place.mkdir(0o700)
    place.chmod(0o711)
    return str(place)


def shared_folder() -> Path:
    """Make root's own place for what must be reachable by the servers' account."""
    SHARED.mkdir(0o755, parents=True, exist_ok=True)
    found = SHARED.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise StoresError(f"{SHARED} is not a folder that only root can write to; move it away")
    SHARED.chmod(0o755)
    return SHARED


def _make(path: Path, mode: int, owner: Account) -> None:
    owner.make_folder(path)
    if path.lstat().st_mode & 0o022:
        raise StoresError(f"Others may write to {path}; find out who did, then remove it")
    path.chmod(mode)
