"""The processes of a server, told by the lock that they inherited, never by a remembered id."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from embedded.server import Server


def send(server: Server, number: signal.Signals, *, everyone: bool = False) -> None:
    """Signal the server, or its children too."""
    members = set(_members(server))
    for pid in members:
        if everyone or _parent(pid) not in members:
            _signal(pid, number)


def _members(server: Server) -> Iterator[int]:
    lock = server.alive.stat()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _runs(entry, server.program.name) and _holds(entry, lock):
            yield int(entry.name)


def _runs(entry: Path, program: str) -> bool:
    # A child that was forked while we started may hold the lock by accident: it is not a server.
    # By name alone, for an upgrade may have replaced the file beneath a running server.
    try:
        return (entry / "exe").readlink().name.removesuffix(" (deleted)") == program
    except OSError:
        return False


def _holds(entry: Path, lock: os.stat_result) -> bool:
    try:
        return any(_same(descriptor, lock) for descriptor in (entry / "fd").iterdir())
    except OSError:
        return False  # it ended while we looked, or is not ours


def _same(descriptor: Path, lock: os.stat_result) -> bool:
    try:
        return os.path.samestat(descriptor.stat(), lock)
    except OSError:
        return False


def _parent(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return 0
    return int(status.rpartition(")")[2].split()[1])


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass  # it was faster
