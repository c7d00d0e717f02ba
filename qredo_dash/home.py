"""The embedded installation's own folder: its stores and the secrets made at first use.

A server installation (`DATABASE_URL` set) has none of this; there every secret is given.
"""

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import embedded
from qredo_dash import env

PROJECT = Path(__file__).resolve().parent.parent
#: Where the units of a server keep settings and secrets.
SERVER_FOLDER = Path("/etc/qredo-dash")


class WrongInstallationError(Exception):
    """An embedded installation was about to be made or used where a server's is meant."""


def data_dir() -> Path:
    """Return the folder that holds everything an embedded installation keeps."""
    return Path(os.environ.get("DATA_DIR") or PROJECT / "var").absolute()


def is_server_installation() -> bool:
    """Whether stores and secrets are given from outside."""
    return bool(os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"))


def check_embedded() -> None:
    """Raise `WrongInstallationError` where nothing embedded may start by itself."""
    if env.flag("QREDO_DASH_SERVER", default=False):
        raise WrongInstallationError(
            "Set DATABASE_URL_FILE: this is a server (QREDO_DASH_SERVER is set), so nothing"
            " embedded starts."
        )
    if env.secret("REDIS_URL"):
        raise WrongInstallationError(
            "Set DATABASE_URL_FILE: REDIS_URL is given, so nothing embedded starts."
        )
    if not os.environ.get("DATA_DIR") and SERVER_FOLDER.is_dir():
        raise WrongInstallationError(
            f"This machine has a server installation ({SERVER_FOLDER}). Run its commands by"
            " deploy/qredo-dash COMMAND; for an embedded installation beside it set DATA_DIR."
        )


def simulator_file() -> Path:
    """Return the file in which a running demo says where its simulator answers."""
    return data_dir() / "demo-simulator"


def simulator(path: str) -> str:
    """Return the address of a path of the simulator, if a demo runs beside us; else nothing."""
    try:
        base = simulator_file().read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return f"{base}{path}"


class StoresKeeper:
    """Starts an embedded store again that died; after a failure not at once."""

    def __init__(self, pause: float = 10.0) -> None:
        self._pause = pause
        self._again_at = 0.0

    def keep_up(self) -> None:
        """Look once."""
        if is_server_installation() or time.monotonic() < self._again_at:
            return
        try:
            for name in embedded.revive(data_dir()):
                sys.stderr.write(f"{name} had ended; it is started again.\n")
        except embedded.StoresError as error:
            sys.stderr.write(f"{error}\n")
            self._again_at = time.monotonic() + self._pause


@contextmanager
def stores() -> Iterator[None]:
    """Keep the embedded stores running meanwhile; on a server, do nothing."""
    if is_server_installation():
        yield
        return
    check_embedded()
    with embedded.hold(data_dir()):
        _make_secrets(data_dir())
        yield


def _make_secrets(home: Path) -> None:
    if not (home / "secret_key").exists():
        write_private(home / "secret_key", secrets.token_urlsafe(50))
    if not (home / "vault-public.json").exists():
        _make_keysets(home)


def _make_keysets(home: Path) -> None:
    # Tink is slow to import, so only the very first start pays for it.
    from accounts.vault.keysets import new_keyset, public_half  # noqa: PLC0415

    if not (home / "vault.json").exists():
        write_private(home / "vault.json", new_keyset())
    # From the file, not from what was just made: another process may have been first.
    kept = (home / "vault.json").read_text(encoding="utf-8")
    write_private(home / "vault-public.json", public_half(kept))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads; whoever comes second keeps the first one's text."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first
    finally:
        draft.unlink()
