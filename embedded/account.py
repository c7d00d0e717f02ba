"""Who runs the servers: the caller, or for root an account without any power."""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import StoresError
from embedded.folder import user_name

UNPRIVILEGED = "nobody"  # in every distribution's passwd file, where initdb looks it up


@dataclass(frozen=True)
class Account:
    """A user that servers run as."""

    uid: int
    gid: int

    @property
    def is_caller(self) -> bool:
        """Say whether nothing has to be given away."""
        return self.uid == os.geteuid()

    def can_reach(self, path: Path) -> bool:
        """Say whether it may pass through every folder down to this one."""
        return all(self._may_enter(folder.stat()) for folder in [path, *path.parents])

    def make_folder(self, folder: Path) -> None:
        """Make a private folder for it; one that exists has to be its own already."""
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            self._check_own(folder)
        else:
            folder.chmod(0o700)
            self._give(folder)

    def write_private(self, path: Path, text: str) -> None:
        """Write a file that only it can read, all or nothing."""
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self._give(fresh)
        fresh.replace(path)

    def _give(self, path: Path) -> None:
        if not self.is_caller:
            shutil.chown(path, self.uid, self.gid)

    def _check_own(self, folder: Path) -> None:
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid != self.uid:
            raise StoresError(
                f"{folder} belongs to user {user_name(found.st_uid)}, not to the one that runs the "
                f"stores ({user_name(self.uid)}); move it away or set DATA_DIR"
            )

    def _may_enter(self, found: os.stat_result) -> bool:
        if found.st_uid == self.uid:
            return bool(found.st_mode & 0o100)
        return bool(found.st_mode & (0o010 if found.st_gid == self.gid else 0o001))


def server_account() -> Account:
    """Choose the account: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError as error:
        raise StoresError(
            f"Root needs an account named {UNPRIVILEGED} to run the stores; run as another user"
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)
