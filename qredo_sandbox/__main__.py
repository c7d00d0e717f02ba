"""``python -m qredo_sandbox``: starts the simulator and says on standard output where it is."""

import argparse
import asyncio
import ipaddress
import json
import os
import signal
import sys
import threading
from collections.abc import Callable

from qredo_sandbox.admin import PREFIX, Admin
from qredo_sandbox.api import Api
from qredo_sandbox.calls import BASES
from qredo_sandbox.clock import Clock, nanoseconds_of
from qredo_sandbox.faults import Reply
from qredo_sandbox.keys import Keyring
from qredo_sandbox.server import Connection, Dates, Handler
from qredo_sandbox.wire import Request
from qredo_sandbox.world import World


def _loopback(text: str) -> str:
    address = ipaddress.ip_address("127.0.0.1" if text == "localhost" else text)
    if not address.is_loopback:
        raise argparse.ArgumentTypeError("the simulator listens on loopback only")
    return str(address)


def _instant(text: str) -> int:
    try:
        return nanoseconds_of(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from None


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port lies between 0 and 65535")
    return port


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="qredo_sandbox", description=__doc__)
    parser.add_argument("--port", type=_port, default=0, help="0 takes any free one")
    parser.add_argument("--host", type=_loopback, default="127.0.0.1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--now", type=_instant, help="ISO 8601 with zone; default: the real time")
    parser.add_argument("--frozen", action="store_true", help="time stands still until it is set")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when stdin ends")
    return parser.parse_args()


def announcement(address: str, world: World, keyring: Keyring) -> str:
    """Return the first line: one JSON object with the address and every account with its keys."""
    accounts = [
        {
            "id": account.id,
            "name": account.role.name,
            "kind": account.role.kind,
            "organization": account.role.organization,
            "person": account.role.person,
            "environment": account.role.environment,
            "spare": account.role.spare,
            "keys": [key.shown_once() for key in keyring.of(account)],
        }
        for account in world.accounts.values()
    ]
    environments = {name: address + base for name, base in BASES.items()}
    content = {
        "address": address,
        "environments": environments,
        "seed": world.seed,
        "accounts": accounts,
    }
    return json.dumps(content)


def _handler(api: Api, admin: Admin) -> Handler:
    def handle(request: Request) -> Reply:
        if request.target.startswith(PREFIX):
            return admin.handle(request)
        return api.handle(request)

    return handle


def _watch_stdin(stop: Callable[[], object]) -> None:
    def read_to_end() -> None:
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass  # a standard input that cannot be read has ended too
        stop()

    threading.Thread(target=read_to_end, daemon=True).start()


async def _serve(options: argparse.Namespace) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    world, clock = World(options.seed), Clock(options.now, frozen=options.frozen)
    keyring = Keyring(world)
    api = Api(clock, keyring)
    handler, dates, connections = _handler(api, Admin(api, world)), Dates(clock), set[Connection]()
    server = await loop.create_server(
        lambda: Connection(handler, dates, connections), options.host, options.port, backlog=1024
    )
    host = f"[{options.host}]" if ":" in options.host else options.host
    address = f"http://{host}:{server.sockets[0].getsockname()[1]}"
    sys.stdout.write(announcement(address, world, keyring) + "\n")
    sys.stdout.flush()
    if options.exit_with_stdin:
        _watch_stdin(lambda: loop.call_soon_threadsafe(stopped.set))
    await stopped.wait()
    server.close()
    for connection in tuple(connections):
        connection.abort()


def main() -> int:
    """Run until told to stop; 1 if the port cannot be had."""
    try:
        asyncio.run(_serve(_options()))
    except OSError as wrong:
        sys.stderr.write(f"qredo_sandbox cannot listen: {wrong.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
