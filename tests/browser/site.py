"""The real web process before the tests' database, as in production."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from django.db import connection

from tests.browser.world import World
from tests.conftest import PROJECT

START_PATIENCE = 30


@contextmanager
def running(world: World, static: Path) -> Iterator[str]:
    """Run granian with static files of its own; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
        "TEST_DATABASE": str(connection.settings_dict["NAME"]),
        "TEST_STATIC_ROOT": str(static),
        "QREDO_DASH_PROCESS": "web",
        "QREDO_PRODUCTION_URL": world.simulator.environments["production"],
        "QREDO_SANDBOX_URL": world.simulator.environments["sandbox"],
    }
    collect = [sys.executable, "-m", "django", "collectstatic", "--noinput", "-v0"]
    subprocess.run(collect, env=environment, cwd=PROJECT, check=True)
    command = [
        sys.executable, "-m", "granian", "--interface", "rsgi", "--http", "1",
        "--no-ws", "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1",
        "--log-level", "warning", "qredo_dash.http.server:application",
    ]  # fmt: skip
    with subprocess.Popen(command, env=environment, cwd=PROJECT) as process:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline:
        link = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            link.request("GET", "/health/")
            if link.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            link.close()
    raise TimeoutError("the web process did not answer")
