"""Line 4: what Celery and the broker cost, beside what the polls of a message cost."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import redis
from django.conf import settings

import embedded
from bench.lines import Line, cpu_and_wall
from bench.polls import poll_all
from bench.scene import Scene
from qredo_dash import home
from qredo_dash.celery import app
from tests.processes.program import descendants

MESSAGES = 1000


def lines(scene: Scene) -> Iterator[Line]:
    """Send messages as long as those of polls to a real worker, for which it has nothing to do."""
    polled, _ = cpu_and_wall(lambda: poll_all(next(scene.rounds)))
    poll = polled / len(scene.accounts)
    broker = redis.Redis.from_url(embedded.locate(home.data_dir()).valkey.client_url())
    with _worker() as process:
        _send(broker, 50)
        before = _cost(broker, process)
        own, _ = cpu_and_wall(lambda: _send(broker, MESSAGES))
        message = (own + _cost(broker, process) - before) / MESSAGES
    share = message / settings.POLL_CHUNK
    name = f"Celery and broker: share of a poll's CPU ({message * 1000:.1f} ms a message)"
    yield Line(4, name, 100 * share / (poll + share), "%", 3.0)


@contextmanager
def _worker() -> Iterator[subprocess.Popen[bytes]]:
    # As root it warns of being root.
    words = [sys.executable, "-W", "ignore", "-m", "celery", "-q", "-A", "qredo_dash", "worker"]
    words += ["--loglevel", "ERROR", "--concurrency", "1"]
    with subprocess.Popen(words, cwd=home.PROJECT) as process:
        try:
            yield process
        finally:
            process.terminate()


def _send(broker: redis.Redis, many: int) -> None:
    """Send so many and wait until all are done."""
    pairs = [(number, str(uuid4())) for number in range(settings.POLL_CHUNK)]
    for _ in range(many):
        # One of Celery's own tasks, which only gives back what it is given.
        app.send_task("celery.accumulate", args=(pairs,), ignore_result=True)
    while broker.llen("celery") or broker.hlen("unacked"):
        time.sleep(0.1)


def _cost(broker: redis.Redis, worker: subprocess.Popen[bytes]) -> float:
    """Return the seconds of CPU that broker and worker have taken so far."""
    told = broker.info("cpu")
    places = [Path("/proc") / str(pid) for pid in (worker.pid, *descendants(worker.pid))]
    ticks = sum(
        sum(map(int, (place / "stat").read_text().rpartition(")")[2].split()[11:13]))
        for place in places
    )
    spent: float = told["used_cpu_user"] + told["used_cpu_sys"]
    return spent + ticks / os.sysconf("SC_CLK_TCK")
