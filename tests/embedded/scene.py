"""The real servers as a test sees them: who runs, what answers."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from redis import Redis

from embedded import Addresses

ROOT = Path(__file__).resolve().parents[2]
AS_ROOT = os.geteuid() == 0
NOBODY = 65534

HOLDER = """
import sys
from pathlib import Path
from embedded import hold
held = hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.readline()
held.release()
"""


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def servers_of(root: Path) -> list[int]:
    """Processes that hold a lock file of a server somewhere below a folder."""
    locks = {(lock.stat().st_dev, lock.stat().st_ino) for lock in root.rglob("*.alive")}
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if pid != os.getpid() and locks & set(_open_files(pid))]


def _open_files(pid: int) -> Iterator[tuple[int, int]]:
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            found = descriptor.stat()
            yield found.st_dev, found.st_ino
    except OSError:
        return


def kill_servers(root: Path) -> None:
    for pid in servers_of(root):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    until(lambda: not servers_of(root))


@contextmanager
def holder(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the stores until a line or a kill reaches it."""
    command = [sys.executable, "-c", HOLDER, str(data_dir)]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=30)
    assert process.returncode == 0


def connect(addresses: Addresses, **changed: Any) -> psycopg.Connection[Any]:
    """Connect as the owner, unless told otherwise."""
    at = addresses.owner
    fields = {"user": at.user, "password": at.password, "dbname": at.database} | changed
    return psycopg.connect(host=at.socket_dir, port=at.port, autocommit=True, **fields)


def ask(addresses: Addresses, query: Any) -> Any:
    with connect(addresses) as connection:
        row = connection.execute(query).fetchone()
        return row and row[0]


def execute(addresses: Addresses, statement: Any) -> None:
    with connect(addresses) as connection:
        connection.execute(statement)


def client(addresses: Addresses) -> Redis:
    return Redis.from_url(addresses.valkey.client_url(0))


def listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        return line.connect_ex(path) == 0
