"""Kernel locks: they end with the process that holds them, however it ends.

A lock belongs to the open file, so whoever inherits the descriptor holds it too. None of them is
inherited through an exec unless it is passed on by name.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded.errors import StoresError

MUTEX_PATIENCE = 300.0
PAUSE = 0.01


def shared(path: Path) -> int:
    """Open and lock as one of many; nobody keeps an exclusive lock on such a file for long."""
    descriptor = _open(path)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def exclusive(path: Path) -> int | None:
    """Open and lock alone, or None while another holds it."""
    descriptor = _open(path)
    if take_alone(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def take_alone(descriptor: int) -> bool:
    """Make a lock exclusive without waiting; after a refusal it is held no more."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def give_up(descriptor: int) -> None:
    """Unlock for forked children too, which closing alone would not, and close."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


@contextmanager
def mutex(path: Path) -> Iterator[None]:
    """Be the only one to start or stop."""
    descriptor = _wait_for(path)
    try:
        yield
    finally:
        give_up(descriptor)


def _wait_for(path: Path) -> int:
    deadline = time.monotonic() + MUTEX_PATIENCE
    while time.monotonic() < deadline:
        if (descriptor := exclusive(path)) is not None:
            return descriptor
        time.sleep(PAUSE)
    raise StoresError(
        f"Another command is still starting or stopping the stores: see who has {path} open"
    )


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
