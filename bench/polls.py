"""Lines 1, 2 and 6: what polls cost against a bare loop that sends the same signed requests."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import requests
from django.conf import settings

import qredo
from balances.core import sql
from balances.polling import claims, poll
from bench.lines import Line, best
from bench.scene import Scene

#: How often polls and bare requests are repeated: the best of each counts.
ROUNDS = 3
#: What the floor's requests travel on. Polls have a connection each: what that costs shows in both.
KEPT, APART = "; floor keeps connections", "; floor opens one a request"


def lines(scene: Scene) -> Iterator[Line]:
    """Measure rounds in which nothing changed, after a first one that stored everything.

    Of the log the round with the least counts: after a checkpoint each page that is touched is
    written whole, once in five minutes, whatever polls do to it.
    """
    poll_all(next(scene.rounds))
    poll_all(next(scene.rounds))
    kept = best(lambda: bare_loop(scene, scene.base_url, connection_each=False), repeat=ROUNDS)
    apart = best(lambda: bare_loop(scene, scene.base_url, connection_each=True), repeat=ROUNDS)
    logged: list[int] = []
    polled = best(lambda: logged.append(_logged(next(scene.rounds))), repeat=ROUNDS)
    many = len(scene.accounts)
    for floor, form in ((kept, KEPT), (apart, APART)):
        yield Line(1, f"CPU of {many} polls, claim to commit{form}", polled[0], "s", 1.3, floor[0])
        yield Line(2, f"wall time of {many} polls{form}", polled[1], "s", 1.3, floor[1])
    yield Line(6, "WAL of an unchanged poll, claim included", min(logged) / many, "B", 400)


def _logged(now: datetime) -> int:
    """Poll all and return how many bytes that wrote to the write-ahead log."""
    before = wal()
    poll_all(now)
    return wal() - before


def poll_all(now: datetime) -> None:
    """Claim and poll until nothing is due at `now`."""
    while due := claims.claim_due(limit=settings.POLL_CLAIM_LIMIT, now=now):
        for start in range(0, len(due), settings.POLL_CHUNK):
            poll.poll(due[start : start + settings.POLL_CHUNK], now=now)


def wal() -> int:
    """Return the position of the write-ahead log in bytes."""
    return int(sql.rows("SELECT pg_current_wal_insert_lsn() - '0/0'")[0][0])


def bare_loop(scene: Scene, base_url: str, *, connection_each: bool) -> None:
    """Send the same requests with one plain session a thread and nothing else.

    The sessions keep their connections, or open one for each request as polls do.
    """
    local = threading.local()
    url = f"{base_url}/balance"
    apart = {"connection": "close"} if connection_each else {}

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
            **apart,
        }
        assert local.session.get(url, headers=headers, timeout=10).status_code == 200

    with ThreadPoolExecutor(settings.POLL_CONCURRENCY) as pool:
        list(pool.map(ask, range(len(scene.accounts))))
