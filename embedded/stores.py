"""The two servers of one data folder; callers hold the start mutex."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from embedded import lifecycle, marker, places, postgres, programs, valkey
from embedded.account import Account, server_account
from embedded.addresses import Addresses, PostgresAddress, ValkeyAddress
from embedded.cluster import DATABASE, OWNER, ROLE, Cluster
from embedded.marker import Marker
from embedded.server import Server


@dataclass(frozen=True)
class Stores:
    """Both servers, in the order in which they start."""

    folder: Path
    servers: tuple[Server, ...]

    def start(self) -> None:
        """Start what is not running."""
        for server in self.servers:
            lifecycle.ensure(server)

    def revive(self) -> list[str]:
        """Start what died; return the names."""
        return [server.name for server in self.servers if lifecycle.revive(server)]

    def stop(self) -> None:
        """Stop both, the second even if the first resists."""
        with ExitStack() as stops:
            for server in self.servers:
                stops.callback(lifecycle.stop, server)


def prepared(folder: Path) -> Stores:
    """Find or choose all places, and draw passwords at the first start."""
    account = server_account()
    places.make_socket_folder(folder, account)
    known = marker.read(folder) or marker.write(folder, places.server_folder(folder, account))
    return Stores(folder, _servers(folder, known, account))


def addresses(folder: Path) -> Addresses:
    """Say where both answer, without a password before the first start."""
    known = marker.read(folder) or Marker()
    sockets = places.socket_folder(folder)
    where = (str(sockets), postgres.PORT)
    return Addresses(
        PostgresAddress(*where, ROLE, known.postgres, DATABASE),
        PostgresAddress(*where, OWNER, known.owner, DATABASE),
        ValkeyAddress(str(sockets / valkey.SOCKET), known.valkey),
    )


def _servers(folder: Path, known: Marker, account: Account) -> tuple[Server, ...]:
    base, sockets = Path(known.place or folder), places.socket_folder(folder)
    found = programs.installed()
    if not found.usable_by(account):
        found = programs.copied(places.shared_folder())
    cluster = Cluster(base / "postgres", found, account)
    return (
        postgres.server(base, sockets, cluster, known),
        valkey.server(base, sockets, found, account, known),
    )
