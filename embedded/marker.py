"""The file in the data folder that remembers the passwords and where the stores keep their data."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from embedded.account import Account
from embedded.errors import StoresError

NAME = "stores.json"


@dataclass(frozen=True)
class Marker:
    """What has to survive between two starts."""

    place: str = ""  # empty: the data folder itself
    postgres: str = field(default="", repr=False)
    superuser: str = field(default="", repr=False)
    valkey: str = field(default="", repr=False)
    owner: str = field(default="", repr=False)


def read(folder: Path) -> Marker | None:
    """Read it, or None before the first start."""
    path = folder / NAME
    try:
        found = Marker(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise StoresError(f"{path} is damaged; put it back from a backup") from error
    if not found.owner:
        raise StoresError(
            f"{folder} was made before the tables had an owner of their own; "
            "stop what uses it and delete it (DATA_DIR) to begin anew"
        )
    return found


def write(folder: Path, place: str) -> Marker:
    """Draw passwords for a first start; data whose passwords are lost is not touched."""
    if (folder / "postgres").exists():
        raise StoresError(
            f"{folder / NAME} is gone, and with it the passwords of {folder / 'postgres'}; "
            "put it back from a backup, or move that folder away to begin anew"
        )
    marker = Marker(place, *(secrets.token_urlsafe(32) for _ in range(4)))
    me = Account(os.geteuid(), os.getegid())
    me.write_private(folder / NAME, json.dumps(asdict(marker), indent=1))
    return marker
