"""Start and stop one server; callers hold the start mutex."""

import logging
import os
import signal
import time

from embedded import journal, locks, processes
from embedded.errors import StoresError
from embedded.server import Server, State

_START_PATIENCE = 120.0  # recovery after a crash reads the log that was not yet applied
_DEAF_PATIENCE = 3.0  # a server whose starter was killed may not have its socket yet
_STOP_PATIENCE = 20.0
_PAUSE = 0.01

_log = logging.getLogger("embedded")


def ensure(server: Server) -> None:
    """Return when the server answers, started if need be."""
    journal.rotate(server.log)
    lock = locks.exclusive(server.alive)
    if lock is None:
        lock = _await_running(server)
    if lock is not None:
        _start(server, lock)


def revive(server: Server) -> bool:
    """Start it if it died; return whether it had. One that is merely slow is left alone."""
    lock = locks.exclusive(server.alive)
    if lock is None:
        return False
    _start(server, lock)
    return True


def stop(server: Server) -> None:
    """Stop in order, and by force what does not."""
    if not server.alive.exists():
        return  # it never started
    processes.send(server, server.stop_signal)
    if _ends(server, _STOP_PATIENCE):
        return
    _log.warning(
        "%s did not stop within %d s and is killed; it recovers at its next start",
        server.name,
        _STOP_PATIENCE,
    )
    processes.send(server, signal.SIGKILL, everyone=True)
    if not _ends(server, _STOP_PATIENCE):
        raise StoresError(f"{server.name} cannot be stopped; see who has {server.alive} open")


def _await_running(server: Server) -> int | None:
    """Wait until a running server answers (None) or is gone (its lock).

    Gone takes a moment after kill -9 of PostgreSQL: its children hold the lock until they notice.
    One that runs but lost its socket, swept from the temporary folder, is of no use: stop it.
    """
    deadline = time.monotonic() + _START_PATIENCE
    deaf_until = time.monotonic() + _DEAF_PATIENCE
    while time.monotonic() < deadline:
        state = server.state()
        if state is State.READY:
            return None
        if (lock := locks.exclusive(server.alive)) is not None:
            return lock
        if state is State.DEAF and time.monotonic() > deaf_until:
            stop(server)
        time.sleep(_PAUSE)
    raise StoresError(_silent(server))


def _start(server: Server, lock: int) -> None:
    written = journal.size(server.log)
    try:
        server.launch(lock)
    finally:
        os.close(lock)
    deadline = time.monotonic() + _START_PATIENCE
    while server.state() is not State.READY:
        if not _runs(server):
            said = journal.last_lines(server.log, written)
            raise StoresError(f"{server.name} did not start: {said}")
        if time.monotonic() > deadline:
            raise StoresError(_silent(server))
        time.sleep(_PAUSE)


def _ends(server: Server, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while _runs(server):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True


def _runs(server: Server) -> bool:
    lock = locks.exclusive(server.alive)
    if lock is None:
        return True
    os.close(lock)
    return False


def _silent(server: Server) -> str:
    return f"{server.name} runs but does not answer yet; see {server.log} and try again"
