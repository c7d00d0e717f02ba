"""What both servers have in common: a lock that says they live, and a socket that answers."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from signal import Signals

from embedded import journal, launch
from embedded.account import Account

_ANSWER_WITHIN = 2.0
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}  # nothing of ours is passed on


class State(Enum):
    """What the socket says."""

    READY = auto()
    BUSY = auto()  # there, but starting, stopping, recovering or slow
    DEAF = auto()  # nobody listens


@dataclass(frozen=True)
class Server:
    """One of the two servers.

    It runs exactly as long as the lock on `alive` cannot be had, since it inherits that lock.
    """

    name: str
    program: Path
    account: Account
    alive: Path
    log: Path
    socket_path: Path
    stop_signal: Signals
    greeting: bytes = field(repr=False)  # may hold the password
    not_yet: bytes
    prepare: Callable[[int], list[str]] = field(repr=False)  # clears leftovers, gives arguments

    def state(self) -> State:
        """Ask the server itself."""
        try:
            answer = self._ask()
        except (ConnectionRefusedError, FileNotFoundError):
            return State.DEAF
        except OSError:
            return State.BUSY
        return State.READY if answer and self.not_yet not in answer else State.BUSY

    def launch(self, lock: int) -> None:
        """Start it and hand it the lock."""
        command = [str(self.program), *self.prepare(lock)]
        who = [str(self.account.uid), str(self.account.gid)]
        log = journal.opened(self.log)
        try:
            subprocess.run(
                [sys.executable, "-I", "-S", launch.__file__, *who, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                pass_fds=[lock],
                check=False,  # a failed start shows in the lock and in the log
            )
        finally:
            os.close(log)

    def _ask(self) -> bytes:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(_ANSWER_WITHIN)
            line.connect(str(self.socket_path))
            line.sendall(self.greeting)
            return line.recv(1024)
