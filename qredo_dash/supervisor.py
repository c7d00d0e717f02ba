"""Starts processes, keeps them up, and stops them in order. Knows no Django.

Every child has a session of its own, so that Ctrl-C reaches the supervisor alone, and ends with
it even if the supervisor is killed.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import inf
from threading import Event
from types import FrameType

#: A child that keeps dying is started again after this many seconds, doubled up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def _end_with(parent: int) -> None:
    """Let the kernel end this child when the supervisor dies, however and whenever it dies."""
    if sys.platform != "linux":
        return
    # Until the program of its own begins, the child would heed signals as the supervisor does.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the kernel knew
        os._exit(1)


@dataclass(slots=True)
class Child:
    """One process that ought to be running. `patience` is how long its orderly end may take."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    patience: float = 10.0
    once: bool = False
    silent: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    pause: float = FIRST_PAUSE
    started: float = 0.0
    again_at: float = field(default=0.0)

    def start(self) -> None:
        """Start the process."""
        self.process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if self.silent else sys.stderr,
            start_new_session=True,
            preexec_fn=partial(_end_with, os.getpid()),  # noqa: PLW1509 - the supervisor has no threads
        )
        self.started = time.monotonic()

    def keep_up(self) -> None:
        """Start the process again if it died; not at once if it dies again and again."""
        if self.process is None:
            if time.monotonic() >= self.again_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        # At once, while the id is surely its own: what it started may sit on its port.
        _kill_session(self.process.pid)
        self.process, self.again_at = None, inf
        if not (self.once and code == 0):
            self._start_later(code)

    def _start_later(self, code: int) -> None:
        lived = time.monotonic() - self.started
        self.pause = FIRST_PAUSE if lived > LONGEST_PAUSE else min(self.pause * 2, LONGEST_PAUSE)
        sys.stderr.write(f"{self.name} ended with {code}; it is started again.\n")
        self.again_at = time.monotonic() + self.pause

    def end_by_force(self) -> None:
        """Kill the process and whatever it started; it is started again without a pause."""
        if self.process is not None:
            _kill_session(self.process.pid)
            self.process.wait()
            self.process, self.again_at = None, 0.0

    def stop(self) -> None:
        """End the process and whatever it started."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            sys.stderr.write(
                f"{self.name} did not end within {self.patience:.0f} s; it is killed.\n"
            )
        _kill_session(self.process.pid)
        self.process.wait()


def _kill_session(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass  # nobody of it was left


def supervise(
    first: Sequence[Child],
    then: Sequence[Child],
    *,
    ready: Callable[[], None],
    beneath: Callable[[], None] = lambda: None,
) -> None:
    """Keep children up until asked to stop: `first` ones, then call `ready`, then the others.

    `beneath` is called again and again, to keep up what all of them stand on. SIGINT, SIGTERM or
    the end of the terminal ask to stop, unless ignored from the start as under `nohup`. The
    children are stopped in reverse order.
    """
    children = [*first, *then]
    with _asked_to_stop() as asked:
        try:
            for child in first:
                child.start()
            ready()
            for child in then:
                child.start()
            while not asked.wait(0.5):
                beneath()
                for child in children:
                    child.keep_up()
        finally:
            for child in reversed(children):
                child.stop()


@contextmanager
def _asked_to_stop() -> Iterator[Event]:
    """Give an event that the signals set; a second one does not interrupt the stopping."""
    asked = Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
