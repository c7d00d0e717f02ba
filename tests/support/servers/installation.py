"""An installation of its own, used as an operator does: by commands, each a process."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

import embedded
from embedded import places
from tests.embedded.scene import kill_servers, servers_of
from tests.support.servers.qredo_server import Answer, QredoServer

PROJECT = Path(__file__).resolve().parents[3]
INTERVAL = 15
SERVER = "a server of the stores"

#: Nothing of the machine's own, and nothing of the test run's.
_FOREIGN = (
    "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "VAULT_KEYSET", "QREDO_SANDBOX_URL", "PORT", "DEBUG",
    "DATABASE_OWNER_URL", "QREDO_DASH_PROCESS", "QREDO_TIMESTAMP_UNIT", "QREDO_CA_FILE",
    "QREDO_PROXY", "ALLOWED_HOSTS", "CACHE_URL", "EMAIL_HOST", "OIDC_SERVER_URL", "TRUSTED_PROXIES",
)  # fmt: skip

_ENROL = """
import json, sys, qredo
from accounts.enrolment import Candidate
from accounts.models import Environment, Organization
from balances.lifecycle.onboarding import add_account
fund = Organization.objects.get_or_create(name="Fund")[0]
for label, key_id, secret in json.load(sys.stdin):
    candidate = Candidate(key_id, qredo.decode_secret(secret), Environment.PRODUCTION)
    added = add_account(candidate, label=label, owner=fund, by=None, verify=False)
    print(added.account.uid)
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output, of which every line is JSON; standard error is empty."""
        assert self.err == "", self.err
        return self.told

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    def refused(self, code: int) -> str:
        """The one readable line of a command that did nothing."""
        assert (self.code, self.out) == (code, ""), self
        return self.complaint

    @property
    def complaint(self) -> str:
        assert self.err.endswith("\n"), self
        assert self.err.count("\n") == 1, self
        assert "Traceback" not in self.err
        return self.err.strip()


@dataclass(frozen=True)
class Enrolled:
    """An account, and the key that the server knows it by."""

    uid: str
    key_id: str


@dataclass
class Installation:
    """A data folder, and the Qredo that it polls."""

    data_dir: Path
    qredo: QredoServer
    settings: dict[str, str] = field(default_factory=dict)
    #: Accounts kept ahead of need: starting a process takes most of the time.
    ahead: int = 40
    _spare: list["Enrolled"] = field(default_factory=list)

    def environment(self, **changed: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        return {
            **kept,
            "DATA_DIR": str(self.data_dir),
            "QREDO_PRODUCTION_URL": self.qredo.url,
            "POLL_INTERVAL_SECONDS": str(INTERVAL),
            "DEMO": "0",
            **self.settings,
            **changed,
        }

    @property
    def database(self) -> str:
        """The application's address of the database."""
        return embedded.locate(self.data_dir).postgres.url

    def start(
        self, *arguments: str, python: str = sys.executable, **changed: str
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [python, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment(**changed),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=heed_signals,  # noqa: PLW1509 - no thread is started here
        )

    def run(self, *arguments: str, stdin: bytes | str = b"", **changed: str) -> Ran:
        return ended(self.start(*arguments, **changed), stdin)

    def together(self, *commands: tuple[Sequence[str], bytes | str]) -> list[Ran]:
        """Run several commands at once, each with its standard input."""
        begun = [(self.start(*arguments), stdin) for arguments, stdin in commands]
        for process, stdin in begun:
            assert process.stdin is not None
            process.stdin.write(_bytes(stdin))
            process.stdin.close()
            process.stdin = None
        return [ended(process) for process, _ in begun]

    def enrol(self, *answers: Answer | Callable[[], Answer]) -> list[Enrolled]:
        """Give an account of the fund for each answer, never polled before."""
        if len(self._spare) < len(answers):
            self._spare += self._kept(len(answers) + self.ahead)
        taken = [self._spare.pop() for _ in answers]
        self.qredo.answers.update(zip((a.key_id for a in taken), answers, strict=True))
        return taken

    def forget_spares(self) -> None:
        """Enrol anew from now on: accounts that were made ahead have been polled."""
        self._spare.clear()

    def _kept(self, count: int) -> list[Enrolled]:
        keys = [self.qredo.new_key() for _ in range(count)]
        told = [(f"Account {uuid4()}", *key) for key in keys]
        ran = self.run("shell", "--verbosity", "0", "-c", _ENROL, stdin=json.dumps(told))
        assert ran.code == 0, ran
        uids = ran.out.split()
        return [Enrolled(uid, key[0]) for uid, key in zip(uids, keys, strict=True)]

    def sql(self, statement: str, *values: object) -> list[Any]:
        """Look into the database as the application; the stores have to be held by somebody."""
        return self.sql_at_once((statement, values))[0]

    def sql_at_once(self, *statements: tuple[str, Sequence[object]]) -> list[list[Any]]:
        """Look at one and the same moment with several statements."""
        with psycopg.connect(self.database) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return [
                connection.execute(statement.encode(), values or None).fetchall()
                for statement, values in statements
            ]


def heed_signals() -> None:
    """Let a child heed what whoever runs the tests (nohup, a background job) may have ignored."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def ended(
    process: "subprocess.Popen[bytes]", stdin: bytes | str = b"", patience: float = 60
) -> Ran:
    """Wait for a command's end."""
    with process:
        try:
            given = None if process.stdin is None else _bytes(stdin)
            out, err = process.communicate(given, timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Ran(process.returncode, out.decode(), err.decode())


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


@contextmanager
def installed(folder: Path, qredo: QredoServer, **settings: str) -> Iterator[Installation]:
    """Give a migrated installation; afterwards nothing of it runs."""
    # Root's servers run as nobody, who cannot pass through pytest's own folders.
    found = Installation(folder / "var", qredo, settings)
    try:
        ran = found.run("migrate", "--verbosity", "0")
        assert ran == Ran(0, "", ""), ran
        yield found
    finally:
        end_strays(found.data_dir)
        kill_servers(folder)
        shutil.rmtree(places.socket_folder(found.data_dir), ignore_errors=True)


def strays(folder: Path) -> dict[int, str]:
    """Return what still runs with this data folder: servers, and processes of the program."""
    marks = (f"DATA_DIR={folder}\0".encode(), f"{folder}/".encode())
    found = dict.fromkeys(servers_of(folder), SERVER)
    for pid in map(int, (entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit())):
        command = _command_with(pid, marks)
        if command and pid != os.getpid():
            found.setdefault(pid, command)
    return found


def _command_with(pid: int, marks: Sequence[bytes]) -> str:
    """Return a process's command if its environment has one of the marks."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""  # it ended while we looked
    return command.replace(b"\0", b" ").decode() if any(m in environment for m in marks) else ""


def end_strays(folder: Path) -> None:
    """Kill what a failed test left running."""
    for pid in strays(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
