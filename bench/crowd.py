"""A server installation by hand, as the tests start it, with thousands of accounts due together."""

import json
import os
import secrets
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.request import urlopen

from tests.processes import by_hand
from tests.processes.by_hand import Site
from tests.processes.scene import folder
from tests.support.servers.installation import PROJECT
from tests.support.servers.qredo_server import QredoServer

_ENROL = """
import json, sys, qredo
from django.db import transaction
from accounts.enrolment import Candidate
from accounts.models import Environment, Organization
from balances.lifecycle.onboarding import add_account
secret, keys = json.load(sys.stdin)
secret = qredo.decode_secret(secret)
fund = Organization.objects.create(name="Bench")
with transaction.atomic():
    for number, key in enumerate(keys):
        candidate = Candidate(key, secret, Environment.PRODUCTION)
        add_account(candidate, label=f"Account {number}", owner=fund, by=None, verify=False)
"""
#: Not at once: the processes have to come up first.
_DUE = "UPDATE balances_schedule SET next_slot = now() + interval '20 s' RETURNING 1"


class Upstream(QredoServer):
    """The quick one, in a process of its own."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    @property
    def origin(self) -> str:
        return self._origin

    def counts(self) -> Counter[str]:
        with urlopen(f"{self._origin}/counts") as answer:  # noqa: S310 - on loopback
            return Counter(json.load(answer))


@contextmanager
def crowd(accounts: int, upstream: Upstream, settings: dict[str, str]) -> Iterator[Site]:
    """Give the installation, not running: every account is due at one instant, soon."""
    with ExitStack() as undo:
        place = undo.enter_context(folder())
        os.environ["DATA_DIR"] = str(place / "none")
        site = undo.enter_context(by_hand.installed(place, upstream))
        site.settings = settings
        _enrol(site, accounts)
        assert len(site.sql(_DUE)) == accounts
        yield site


@contextmanager
def upstream(latency: float, assets: int, hanging: int) -> Iterator[Upstream]:
    words = [sys.executable, "-m", "bench.upstream", *map(str, (latency, assets, hanging))]
    with subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Upstream(process.stdout.readline().strip())
        finally:
            process.terminate()


def _enrol(site: Site, count: int) -> None:
    keys = [secrets.token_hex(8) for _ in range(count)]
    told = json.dumps([b64encode(secrets.token_bytes(60)).decode(), keys])
    words = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", _ENROL]
    subprocess.run(words, cwd=PROJECT, env=site.environment(), input=told, text=True, check=True)
