"""Processes beside the supervisor's, made just like one of them, whose ends are ours to choose."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.processes.program import Program, children_of
from tests.processes.waiting import until
from tests.support.servers.installation import PROJECT


class Crew:
    """Twins of one of the supervisor's children; who falls is replaced at once."""

    def __init__(self, program: Program, word: str) -> None:
        self._program = program
        self._has_children = "worker" in word
        pattern = program.child(word)
        self.members: list[subprocess.Popen[bytes]] = []
        # A beat keeps what it sent last in a file of its own.
        self._command = [w.replace("-schedule", "-twin") for w in _words(pattern, "cmdline")]
        self._environment = dict(w.split("=", 1) for w in _words(pattern, "environ"))

    @contextmanager
    def of(self, count: int) -> Iterator["Crew"]:
        try:
            for _ in range(count):
                self.join()
            until(lambda: all(map(self._is_ready, self.members)), 60)
            yield self
        finally:
            self.dismiss()

    def join(self) -> None:
        with self._program.errors.open("ab") as errors:
            self.members.append(
                subprocess.Popen(
                    self._command,
                    cwd=PROJECT,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                    start_new_session=True,
                )
            )

    def kill(self, chance: Random) -> None:
        """Kill one with all that it started, and replace it."""
        victim = self._chosen(chance)
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait(10)
        self.join()

    def end(self, chance: Random, *, within: float) -> float:
        """Ask one to end; return how many seconds that took. It is replaced meanwhile."""
        victim = self._chosen(chance)
        begun = time.monotonic()
        victim.terminate()
        self.join()
        victim.wait(within)
        return time.monotonic() - begun

    def _chosen(self, chance: Random) -> "subprocess.Popen[bytes]":
        until(lambda: any(map(self._is_ready, self.members)), 60)
        ready = [member for member in self.members if self._is_ready(member)]
        victim = chance.choice(ready)
        self.members.remove(victim)
        return victim

    def _is_ready(self, member: "subprocess.Popen[bytes]") -> bool:
        assert member.poll() is None, "it ended by itself"
        return not self._has_children or bool(children_of(member.pid))

    def dismiss(self) -> None:
        for member in self.members:
            member.terminate()
        for member in self.members:
            member.wait(40)
        self.members.clear()


def _words(pid: int, what: str) -> list[str]:
    return Path(f"/proc/{pid}/{what}").read_text().rstrip("\0").split("\0")
