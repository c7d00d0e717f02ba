"""Lines 1, 2 and 6: what polls cost against a bare loop that sends the same signed requests."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import requests
from django.conf import settings

import qredo
from balances import claims, ledger, polling, sql
from balances.models import Schedule
from bench.lines import Line, cpu_and_wall
from bench.scene import Scene


def lines(scene: Scene) -> Iterator[Line]:
    """Measure a round in which nothing changed, after a first one that stored everything."""
    make_due()
    poll_all()
    make_due()
    bare = min(cpu_and_wall(lambda: bare_loop(scene)) for _ in range(3))
    before = wal()
    polled = cpu_and_wall(poll_all)
    written = wal() - before
    yield Line(
        1, f"CPU of {len(scene.accounts)} polls, claim to commit", polled[0], bare[0], "s", 1.3
    )
    yield Line(2, f"wall time of {len(scene.accounts)} polls", polled[1], bare[1], "s", 1.3)
    yield Line(
        6, "WAL of an unchanged poll, claim included", written / len(scene.accounts), 1, "B", 400
    )


def make_due() -> None:
    """Let every account be due now."""
    Schedule.objects.update(next_slot=ledger.clock() - timedelta(seconds=1), claim_token=None)


def poll_all() -> None:
    """Claim and poll until nothing is due."""
    while due := claims.claim_due(limit=settings.POLL_CLAIM_LIMIT):
        for start in range(0, len(due), settings.POLL_CHUNK):
            polling.poll(due[start : start + settings.POLL_CHUNK])


def wal() -> int:
    """Return the position of the write-ahead log in bytes."""
    return int(sql.rows("SELECT pg_current_wal_insert_lsn() - '0/0'")[0][0])


def bare_loop(scene: Scene) -> None:
    """Send the same requests with one plain session a thread and nothing else."""
    local = threading.local()
    url = f"{scene.base_url}/balance"

    def ask(_number: int) -> None:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        stamp = str(int(time.time()))
        signature = qredo.sign(scene.secret, timestamp=stamp, method="GET", url=url)
        headers = {
            "accept": "application/json",
            "qredo-api-key": scene.key_id,
            "qredo-api-ts": stamp,
            "qredo-api-sig": signature,
        }
        assert local.session.get(url, headers=headers, timeout=10).status_code == 200

    with ThreadPoolExecutor(settings.POLL_CONCURRENCY) as pool:
        list(pool.map(ask, range(len(scene.accounts))))
