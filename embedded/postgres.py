"""PostgreSQL, behind a socket that only its owner can reach."""

import struct
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

from embedded.cluster import DATABASE, ROLE, Cluster
from embedded.marker import Marker
from embedded.server import Server

PORT = 5432  # only a part of the socket's name: nothing listens on TCP

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "fsync": "on",
    "huge_pages": "off",
    # Who needs a page reads it. By default workers do: on few cores each page waits for its turn
    # of the scheduler, and costs half as much CPU again.
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    # Balances and names are not for a log: neither statements nor the rows an error quotes.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


def server(base: Path, sockets: Path, cluster: Cluster, marker: Marker) -> Server:
    """Describe the server to whoever starts and stops it."""
    return Server(
        name="PostgreSQL",
        program=cluster.programs.postgres,
        account=cluster.account,
        alive=base / "postgres.alive",
        log=base / "postgres.log",
        socket_path=sockets / f".s.PGSQL.{PORT}",
        stop_signal=SIGINT,
        greeting=_startup_message(),
        not_yet=b"57P03",  # cannot_connect_now: starting, stopping or recovering
        prepare=_Preparation(cluster, sockets, marker).arguments,
    )


@dataclass(frozen=True)
class _Preparation:
    cluster: Cluster
    sockets: Path
    marker: Marker

    def arguments(self, lock: int) -> list[str]:
        self.cluster.ensure(self.marker, lock)
        # The lock was free, so all of these are stale, whoever has their process id today.
        for stale in (
            self.cluster.path / "postmaster.pid",
            self.sockets / f".s.PGSQL.{PORT}",
            self.sockets / f".s.PGSQL.{PORT}.lock",
        ):
            stale.unlink(missing_ok=True)
        settings = _SETTINGS | {"unix_socket_directories": str(self.sockets)}
        pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ["-D", str(self.cluster.path), *pairs]


def _startup_message() -> bytes:
    body = struct.pack("!i", 3 << 16) + f"user\0{ROLE}\0database\0{DATABASE}\0\0".encode()
    return struct.pack("!i", len(body) + 4) + body
