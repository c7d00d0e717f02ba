"""A server installation, started by hand: the deployment's own commands, variables and secrets."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.processes import deployment, servers
from tests.processes.deployment import MOUNTED
from tests.processes.program import free_port
from tests.processes.servers import Servers
from tests.processes.waiting import until
from tests.support.servers.installation import INTERVAL, PROJECT, Installation, Ran
from tests.support.servers.qredo_server import QredoServer

HOST = "dash.example.com"
ORIGIN = f"https://{HOST}"
#: As long as the compose file gives a worker.
PATIENCE = 45.0
#: What a deployment needs none of may stay empty, but has to be there.
_OPTIONAL = ("secret_key_fallbacks", "email_password", "oidc_client_secret", "qredo_proxy")
_PASSWORDS = (
    "database_superuser_password", "database_owner_password", "database_password",
    "valkey_password",
)  # fmt: skip


@dataclass
class Site(Installation):
    """The installation as an operator has it: its commands are given what a worker is given."""

    servers: Servers = field(kw_only=True)
    port: int = field(default_factory=free_port)

    @property
    def database(self) -> str:
        return self.servers.address("qredo_dash", "database_password")

    def environment(self, **changed: str) -> dict[str, str]:
        return {**self.variables("worker"), **changed}

    def variables(self, service: str) -> dict[str, str]:
        """Return a service's environment; what else it sees is a container's own."""
        told = deployment.service(service)
        asked = {"ALLOWED_HOSTS": f"{HOST},localhost", "CSRF_TRUSTED_ORIGINS": ORIGIN}
        found = told.variables({**asked, "POLL_INTERVAL_SECONDS": str(INTERVAL)})
        found |= {n: self._secret(told, v) for n, v in found.items() if v.startswith(MOUNTED)}
        return {
            **self.servers.environment, **found, "REDIS_URL": self.servers.valkey,
            "DATA_DIR": str(self.data_dir), "HOSTNAME": socket.gethostname(),
            "QREDO_PRODUCTION_URL": self.qredo.url, **self.settings,
        }  # fmt: skip

    def _secret(self, service: deployment.Service, path: str) -> str:
        name = path.removeprefix(MOUNTED)
        assert name in service.secrets, f"{name} is not mounted"
        return str(self.servers.secrets / name)

    def words(self, service: str, place: Path) -> list[str]:
        """Return a service's command, with a port and a temporary folder of this test's own."""
        own = {"8000": str(self.port), "0.0.0.0": "127.0.0.1"}  # noqa: S104
        words = deployment.service(service).command
        return [own.get(w, w.replace("/tmp/", f"{place}/")) for w in words]  # noqa: S108

    def is_well(self, service: str, *more: str) -> bool:
        """Run a service's own health check."""
        words = [*deployment.service(service).health, *more]
        ran = subprocess.run(
            words, cwd=PROJECT, env=self.variables(service), capture_output=True, check=False
        )
        return ran.returncode == 0


@dataclass
class Process:
    """One of the program's processes, with all that it started."""

    name: str
    popen: "subprocess.Popen[bytes]"
    log: Path

    def told_to_end(self) -> None:
        self.popen.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        return self.popen.wait(PATIENCE)

    def killed(self) -> None:
        """End its whole family at once, as the end of a container does."""
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # nobody is left
        self.popen.wait(10)


@contextmanager
def installed(folder: Path, qredo: QredoServer) -> Iterator[Site]:
    """Give a migrated server installation, of which only the stores run."""
    kept = folder / "secrets"
    _make_secrets(kept)
    with servers.running(folder / "servers", kept) as found:
        _write_addresses(found)
        site = Site(folder / "data", qredo, servers=found)
        ran = migrated(site)
        assert ran == Ran(0, "", ""), ran
        yield site


def migrated(site: Site) -> Ran:
    ran = subprocess.run(
        site.words("migrate", site.data_dir), cwd=PROJECT, env=site.variables("migrate"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def _make_secrets(kept: Path) -> None:
    kept.mkdir(mode=0o700)
    for name in ("secret_key", *_PASSWORDS):
        (kept / name).write_text(secrets.token_urlsafe(50) + "\n")
    for name in _OPTIONAL:
        (kept / name).touch()
    words = [sys.executable, "manage.py", "new_vault_key", str(kept)]
    clean = {"PATH": os.defpath, "DATA_DIR": str(kept.parent / "data")}
    subprocess.run(words, cwd=PROJECT, env=clean, capture_output=True, check=True)


def _write_addresses(found: Servers) -> None:
    roles = {"database": "qredo_dash", "database_owner": "qredo_dash_owner"}
    for name, role in roles.items():
        url = found.address(role, f"{name}_password")
        (found.secrets / f"{name}_url").write_text(f"{url}\n")


@contextmanager
def started(site: Site, *services: str) -> Iterator[list[Process]]:
    """Start these services, some of them twice; none of them is left afterwards."""
    with ExitStack() as ends:
        begun = [_begun(site, name, number) for number, name in enumerate(services)]
        for process in begun:
            ends.callback(process.killed)
        yield begun


def _begun(site: Site, service: str, number: int) -> Process:
    place = site.servers.folder.parent / f"{service}-{free_port()}"
    place.mkdir()
    # Two workers on one machine need two names; containers have a host's name of their own.
    name = ["--hostname", f"{number}@%h"] if service == "worker" and number else []
    with (place / "log").open("wb") as log:
        popen = subprocess.Popen(
            [*site.words(service, place), *name], cwd=PROJECT, env=site.variables(service),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    return Process(service, popen, place / "log")


def ended_in_order(processes: Sequence[Process]) -> dict[str, int]:
    """Tell all of them to end, beats first; return their exit codes."""
    for process in processes:
        process.told_to_end()
    return {f"{p.name} {n}": p.ended() for n, p in enumerate(processes)}


def until_well(site: Site) -> None:
    until(lambda: site.is_well("web", str(site.port)))
