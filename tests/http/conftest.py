"""The gateway as granian runs it, in a process of its own."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import PROJECT


@pytest.fixture(scope="package")
def port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = int(probe.getsockname()[1])
    command = [
        sys.executable, "-m", "granian", "--interface", "rsgi", "--http", "1",
        "--no-ws", "--host", "127.0.0.1",
        "--port", str(number), "--workers", "1", "--log-level", "warning",
        "tests.http.toy:application",
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=PROJECT) as process:
        try:
            _wait_for(number)
            yield number
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            probe.settimeout(0.1)
            # A refusal on loopback comes at once: waiting for the port is asking again.
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        subprocess.run([sys.executable, "-c", ""], check=True)
    raise AssertionError("granian did not start")
