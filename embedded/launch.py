"""Start a server that is nobody's child: `python launch.py UID GID PROGRAM ARGUMENT...`.

Run as a program of its own. A server that stayed our child would turn into a zombie of a worker
that never waits for it, or disturb a supervisor that waits for all of its children.
"""

import os
import signal
import sys


def main(uid: int, gid: int, command: list[str]) -> None:
    """Become the server in a session of its own, so that Ctrl-C does not reach it."""
    if os.fork():
        return
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    _reset_signals()
    if uid != os.geteuid():
        _drop_power(uid, gid)
    os.execv(command[0], command)  # noqa: S606 - our own program, no shell


def _reset_signals() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


def _drop_power(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
