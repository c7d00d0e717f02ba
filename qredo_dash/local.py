"""Which processes make up the program on one machine."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from qredo_dash import database, home
from qredo_dash.supervisor import Child

PYTHON = sys.executable
MANAGE = str(home.PROJECT / "manage.py")

#: The demo polls often, so that its figures are seen to move.
DEMO_INTERVAL_SECONDS = 30
DEMO_SEED = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """Ports, and whether this is the demo."""

    port: int
    demo: bool
    simulator_port: int

    @property
    def simulator(self) -> str:
        """Where the simulator answers, in the demo."""
        return f"http://127.0.0.1:{self.simulator_port}"

    def front(self) -> list[Child]:
        """Return what has to be there before a person opens the address."""
        shared = self._environment()
        return [
            *self._simulator(),
            Child("web", self._web(), {**shared, database.PROCESS: database.WEB}),
        ]

    def back(self) -> list[Child]:
        """Return what polls, and what loads the demo's past."""
        shared = self._environment()
        celery = [PYTHON, "-m", "celery", "-q", "-A", "qredo_dash"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        worker = [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "2", *quiet]
        beat = [*celery, "beat", "--loglevel", "WARNING", "--pidfile="]
        return [
            # A chunk under way is finished, hence the patience. It logs to standard error; to
            # standard output Celery prints only how it shuts down.
            Child("worker", worker, shared, patience=40.0, silent=True),
            Child("beat", beat, shared),
            *self._loader(shared),
        ]

    def _environment(self) -> dict[str, str]:
        # Celery warns root at every start; whoever is root here was asked to be by nobody else.
        shared = {"PYTHONWARNINGS": "ignore:You're running the worker"}
        if not self.demo:
            return {**shared, "DEMO": "0"}
        interval = os.environ.get("POLL_INTERVAL_SECONDS") or str(DEMO_INTERVAL_SECONDS)
        return {
            **shared,
            "DEMO": "1",
            "QREDO_SIMULATOR_PRODUCTION_URL": f"{self.simulator}/qapi/v1",
            "QREDO_SIMULATOR_SANDBOX_URL": f"{self.simulator}/sandbox/qapi/v1",
            "POLL_INTERVAL_SECONDS": interval,
        }

    def _web(self) -> list[str]:
        return [
            PYTHON, "-m", "granian", "--interface", "rsgi", "--http", "1",
            "--no-ws", "--host", "127.0.0.1",
            "--port", str(self.port), "--workers", "1",
            "--log-level", "warning", "qredo_dash.http.server:application",
        ]  # fmt: skip

    def _simulator(self) -> list[Child]:
        if not self.demo:
            return []
        command = [PYTHON, "-m", "qredo_sandbox", "--seed", str(DEMO_SEED)]
        # Its first line holds its keys and is for whoever starts it by hand.
        return [Child("simulator", [*command, "--port", str(self.simulator_port)], {}, silent=True)]

    def _loader(self, shared: Mapping[str, str]) -> list[Child]:
        command = [PYTHON, MANAGE, "load_demo", "--seed", str(DEMO_SEED)]
        return [Child("demo loader", command, shared, once=True)] if self.demo else []
