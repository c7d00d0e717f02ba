"""The whole program as the person at the terminal has it: `manage.py serve`, its page, its end."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from tests.processes.waiting import until
from tests.support.servers.installation import (
    PROJECT,
    SERVER,
    Installation,
    end_strays,
    heed_signals,
    strays,
)

LAST_LINE = "Ctrl-C stops everything."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Program:
    """A running `serve`."""

    installation: Installation
    port: int
    process: "subprocess.Popen[bytes]"
    output: Path
    errors: Path

    def lines(self) -> list[str]:
        return self.output.read_text().splitlines()

    def children(self, word: str) -> list[int]:
        """Return the supervisor's children that have this word in their command."""
        return [pid for pid in children_of(self.process.pid) if word in command_of(pid)]

    def child(self, word: str) -> int:
        return _first(lambda: self.children(word))

    def pool_child(self) -> int:
        return _first(lambda: children_of(self.child(" worker ")))

    def interrupted(self, number: signal.Signals = signal.SIGINT) -> int:
        """Signal the supervisor alone, as the terminal does; return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def killed(self) -> None:
        """End everything at once, the stores too, as a power cut does."""
        mine = [self.process.pid, *descendants(self.process.pid), *self.servers()]
        for pid in mine:
            _kill(pid)
        self.process.wait(10)
        until(lambda: not strays(self.installation.data_dir))

    def servers(self) -> list[int]:
        return [pid for pid, what in strays(self.installation.data_dir).items() if what == SERVER]

    def store(self, program: str) -> int:
        """Return the process of a store: the one that is nobody's child."""
        found = [pid for pid in self.servers() if command_of(pid).split(" ")[0].endswith(program)]
        return min(found, default=0)

    def answers(self) -> bool:
        try:
            return Browser(self.port).get("/health/").status == 200
        except (OSError, http.client.HTTPException):
            return False


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _first(look: Callable[[], list[int]]) -> int:
    """Wait until there is a process, and return that one: a second look may miss it."""
    found: list[int] = []

    def is_there() -> bool:
        found[:] = look()
        return bool(found)

    until(is_there)
    return found[0]


def children_of(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in task.read_text().split()]
        except OSError:
            pass  # it ended while we looked
    return found


def descendants(pid: int) -> Iterator[int]:
    for child in children_of(pid):
        yield child
        yield from descendants(child)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it was faster


@contextmanager
def serving(installation: Installation, **settings: str) -> Iterator[Program]:
    """Run the program from its first line on; nothing of it is left afterwards."""
    port = free_port()
    output, errors = (installation.data_dir.parent / name for name in ("output", "errors"))
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=PROJECT,
            env=installation.environment(PORT=str(port), **settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            preexec_fn=heed_signals,  # noqa: PLW1509 - no thread is started here
        )
    program = Program(installation, port, process, output, errors)
    try:
        until(lambda: LAST_LINE in program.lines() or process.poll() is not None, 60)
        assert process.poll() is None, errors.read_text()
        yield program
    finally:
        _ended(program)


def _ended(program: Program) -> None:
    try:
        if program.process.poll() is None:
            program.interrupted()
    finally:
        leftovers = strays(program.installation.data_dir)
        if set(leftovers.values()) - {SERVER}:
            end_strays(program.installation.data_dir)
        program.process.wait(10)


@dataclass(frozen=True)
class Page:
    """What a browser was answered."""

    status: int
    location: str
    text: str


@dataclass
class Browser:
    """Keeps cookies, sends forms, follows nothing by itself."""

    port: int
    cookies: SimpleCookie = field(default_factory=SimpleCookie)
    #: What a proxy in front would say.
    proxied: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Page:
        return self._ask("GET", path, None)

    def post(self, path: str, **fields: str) -> Page:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path).text)
        assert token is not None
        return self._ask("POST", path, urlencode({"csrfmiddlewaretoken": token[1], **fields}))

    def sign_in(self, email: str, password: str) -> None:
        assert self.post("/sign-in/", login=email, password=password).status == 302

    def _ask(self, method: str, path: str, body: str | None) -> Page:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        sent = "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())
        headers = {"Host": f"localhost:{self.port}", "Cookie": sent, **self.proxied}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie", []):
                self.cookies.load(cookie)
            text = unescape(answer.read().decode())
            return Page(answer.status, answer.headers.get("Location", ""), text)
        finally:
            link.close()
