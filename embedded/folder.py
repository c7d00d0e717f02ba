"""The data folder: made by its first user, refused to everybody else."""

import os
import pwd
import stat
from pathlib import Path

from embedded.errors import StoresError


def owned(data_dir: Path) -> Path:
    """Resolve the folder and refuse one of somebody else; it need not exist, nothing is changed."""
    folder = Path(os.path.realpath(data_dir))  # unlike resolve(), survives a loop of links
    try:
        found = folder.stat()
    except FileNotFoundError:
        return folder
    except PermissionError as error:
        raise StoresError(f"{folder} cannot be entered by this user; set DATA_DIR") from error
    _check(folder, found)
    return folder


def made(data_dir: Path) -> Path:
    """Give the folder, made when it is missing; one that exists keeps its mode."""
    folder = owned(data_dir)
    try:
        folder.mkdir(0o700, parents=True)
    except FileExistsError:
        return owned(folder)
    # The account that runs the servers for root has to pass through it.
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return folder


def user_name(uid: int) -> str:
    """Name a user for a message, by number when the system knows no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _check(folder: Path, found: os.stat_result) -> None:
    if not stat.S_ISDIR(found.st_mode):
        raise StoresError(f"{folder} is not a folder; set DATA_DIR to one")
    if found.st_uid != os.geteuid():
        raise StoresError(
            f"{folder} belongs to user {user_name(found.st_uid)}; run as that user or set DATA_DIR"
        )
    # Many systems give each user a group of one's own, whose write bit is harmless. Not to root.
    if found.st_mode & (0o022 if os.geteuid() == 0 else 0o002):
        raise StoresError(f"Others may write to {folder}; run `chmod go-w` on it or set DATA_DIR")
