"""A PostgreSQL and a Valkey that the program did not start: on TCP, roles made by the script."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from redis import ConnectionError as Unreachable
from redis import Redis

from embedded import places, programs
from embedded.account import Account, server_account
from embedded.programs import Programs
from tests.processes import deployment
from tests.processes.program import free_port
from tests.processes.waiting import until
from tests.support.servers.installation import PROJECT

_INITDB = ("--auth-host=scram-sha-256", "--username=postgres", "--no-instructions", "--no-sync")

#: A fast end of PostgreSQL waits for nobody.
_ENDS = {"valkey": signal.SIGTERM, "postgres": signal.SIGINT}


@dataclass(frozen=True)
class Servers:
    """Where both answer; `secrets` holds the passwords as the compose file's secrets do."""

    folder: Path
    secrets: Path
    postgres_port: int
    valkey_port: int
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @cached_property
    def account(self) -> Account:
        return server_account()

    @cached_property
    def programs(self) -> Programs:
        found = programs.installed()
        return found if found.usable_by(self.account) else programs.copied(places.shared_folder())

    @property
    def environment(self) -> dict[str, str]:
        """What the tools beside the servers have: no more than a container."""
        tools = [Path(sys.executable).parent, self.programs.postgres.parent]
        path = os.pathsep.join([*map(str, tools), str(self.programs.valkey.parent), os.defpath])
        return {
            "PATH": path, "PGHOST": "127.0.0.1", "PGPORT": str(self.postgres_port),
            "VALKEY_PASSWORD_FILE": str(self.folder / "valkey_password"),
        }  # fmt: skip

    @property
    def valkey(self) -> str:
        return f"redis://127.0.0.1:{self.valkey_port}/0"

    @property
    def valkey_password(self) -> str:
        return (self.secrets / "valkey_password").read_text().strip()

    def address(self, role: str, secret: str) -> str:
        password = (self.secrets / secret).read_text().strip()
        return f"postgresql://{role}:{password}@127.0.0.1:{self.postgres_port}/qredo_dash"

    def checked(self) -> bool:
        """Ask PostgreSQL as its container's health check does."""
        words = deployment.service("postgres").health
        ran = subprocess.run(words, env=self.environment, capture_output=True, check=False)
        return ran.returncode == 0

    def answers(self) -> bool:
        with Redis.from_url(self.valkey, password=self.valkey_password) as valkey:
            try:
                return bool(valkey.ping())
            except Unreachable:
                return False

    def start(self, name: str, words: Sequence[str]) -> None:
        self.processes[name] = self.as_account(words, self.folder / name)

    def stop(self, name: str) -> list[str]:
        """Stop a server in order; return the words that started it."""
        process = self.processes.pop(name)
        process.send_signal(_ENDS[name])
        process.wait(30)
        assert isinstance(process.args, list)
        return [str(word) for word in process.args]

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Let one of them be away for a while."""
        words = self.stop(name)
        try:
            yield
        finally:
            self.start(name, words)

    def as_account(self, words: Sequence[str], where: Path) -> "subprocess.Popen[bytes]":
        """Start a program as the servers' account, which root gives its power up for."""
        drop = not self.account.is_caller
        with (self.folder / f"{where.name}.log").open("ab") as log:
            return subprocess.Popen(
                words, cwd=where, env=self.environment, stdout=log, stderr=log, umask=0o077,
                user=self.account.uid if drop else None,
                group=self.account.gid if drop else None,
                extra_groups=[] if drop else None,
            )  # fmt: skip


@contextmanager
def running(folder: Path, secrets: Path) -> Iterator[Servers]:
    """Run both, PostgreSQL with the two roles and the empty database that the script makes."""
    folder.mkdir()
    folder.chmod(0o711)
    found = Servers(folder, secrets, free_port(), free_port())
    with ExitStack() as ends:
        ends.enter_context(_server(found, "valkey", _valkey(found)))
        until(found.answers)
        ends.enter_context(_server(found, "postgres", _postgres(found)))
        until(found.checked)
        _make_roles(found)
        yield found


@contextmanager
def _server(servers: Servers, name: str, words: list[str]) -> Iterator[None]:
    servers.start(name, words)
    try:
        yield
    finally:
        servers.stop(name)


def _valkey(servers: Servers) -> list[str]:
    servers.account.make_folder(servers.folder / "valkey")
    # In its container the server's user reads the file that the secret is.
    servers.account.write_private(servers.folder / "valkey_password", servers.valkey_password)
    told = deployment.service("valkey")
    words = [str(told.mounted.get(word, word)) for word in told.command]
    return [*words, "--bind", "127.0.0.1", "--port", str(servers.valkey_port)]


def _postgres(servers: Servers) -> list[str]:
    data = servers.folder / "postgres"
    servers.account.make_folder(data)
    password = servers.folder / "password"
    text = (servers.secrets / "database_superuser_password").read_text()
    servers.account.write_private(password, text)
    made = [str(servers.programs.initdb), f"--pgdata={data}", f"--pwfile={password}", *_INITDB]
    assert servers.as_account(made, data).wait(60) == 0
    given = {
        "listen_addresses": "127.0.0.1", "port": str(servers.postgres_port),
        "unix_socket_directories": "", "timezone": "America/St_Johns",
    }  # fmt: skip
    pairs = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
    return ["postgres", "-D", str(data), *pairs]


def _make_roles(servers: Servers) -> None:
    given = {
        "OWNER_PASSWORD_FILE": str(servers.secrets / "database_owner_password"),
        "APPLICATION_PASSWORD_FILE": str(servers.secrets / "database_password"),
        "PGPASSWORD": (servers.secrets / "database_superuser_password").read_text().strip(),
    }
    script = [shutil.which("sh") or "sh", "deploy/postgres/roles.sh"]
    subprocess.run(script, cwd=PROJECT, env=servers.environment | given, check=True)
