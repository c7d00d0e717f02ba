"""Valkey, behind a socket that only its owner can reach."""

from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

from embedded.account import Account
from embedded.marker import Marker
from embedded.programs import Programs
from embedded.server import Server

SOCKET = "valkey.sock"

# `dir` is quoted for a data folder with spaces; a password has no character that needs it.
_CONFIG = """\
port 0
unixsocket {socket}
unixsocketperm 700
requirepass {password}
protected-mode yes
daemonize no
dir "{data}"
appendonly yes
appendfsync everysec
aof-load-truncated yes
save ""
maxmemory 256mb
maxmemory-policy noeviction
loglevel notice
logfile ""
"""


def server(
    base: Path, sockets: Path, programs: Programs, account: Account, marker: Marker
) -> Server:
    """Describe the server to whoever starts and stops it."""
    return Server(
        name="Valkey",
        program=programs.valkey,
        account=account,
        alive=base / "valkey.alive",
        log=base / "valkey.log",
        socket_path=sockets / SOCKET,
        stop_signal=SIGTERM,
        greeting=f"AUTH {marker.valkey}\r\n".encode(),
        not_yet=b"LOADING",
        prepare=_Preparation(base, sockets, account, marker).arguments,
    )


@dataclass(frozen=True)
class _Preparation:
    base: Path
    sockets: Path
    account: Account
    marker: Marker

    def arguments(self, _lock: int) -> list[str]:
        data, config = self.base / "valkey", self.base / "valkey.conf"
        self.account.make_folder(data)
        (self.sockets / SOCKET).unlink(missing_ok=True)  # stale, for the lock was free
        text = _CONFIG.format(
            socket=self.sockets / SOCKET, password=self.marker.valkey, data=_escaped(data)
        )
        self.account.write_private(config, text)
        return [str(config)]


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
