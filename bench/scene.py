"""The scene that is measured: stores and simulator of its own, many accounts of one key."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

import qredo
from accounts import enrolment
from accounts.enrolment import Candidate
from accounts.models import Account, Environment, Membership, Organization, Role, User
from balances.ledger import schedules
from balances.polling import schedules as polling_schedules

#: So many accounts are on the pages that are measured; the others are only polled.
SEEN = 100


@dataclass(frozen=True, slots=True)
class Scene:
    """Accounts that all answer with ten assets or so, and somebody who sees the first of them."""

    reader: User
    accounts: list[Account]
    base_url: str
    key_id: str
    secret: qredo.Secret
    #: One interval apart: at each of them every account has one slot due.
    rounds: Iterator[datetime]


@contextmanager
def simulator() -> Iterator[dict[str, Any]]:
    """Run the simulator; yield what it announces."""
    with subprocess.Popen(
        [sys.executable, "-m", "qredo_sandbox", "--exit-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


def build(told: dict[str, Any], count: int) -> Scene:
    """Enrol `count` accounts with the key of one quiet simulated account."""
    settings.QREDO_GIVEN_URLS = told["environments"]
    quiet = next(account for account in told["accounts"] if account["name"] == "Cold storage")
    key, secret = quiet["keys"][0]["key_id"], qredo.decode_secret(quiet["keys"][0]["secret"])
    fund, rest = (Organization.objects.create(name=name) for name in ("Bench", "Rest of the bench"))
    reader = User.objects.create_user("reader@bench.example")
    Membership.objects.create(user=reader, organization=fund, role=Role.VIEWER)
    candidate = Candidate(key, secret, Environment.PRODUCTION)
    accounts = [
        enrolment.keep(
            candidate,
            label=f"Account {n}",
            owner=fund if n < SEEN else rest,
            by=None,
            verified=False,
        )
        for n in range(count)
    ]
    polling_schedules.add_missing()
    base_url = told["environments"]["production"]
    return Scene(reader, accounts, base_url, key, secret, _rounds())


def _rounds() -> Iterator[datetime]:
    # They run ahead of the clock, so that slots follow each other as in a program that runs.
    interval = timedelta(seconds=settings.POLL_INTERVAL_SECONDS)
    start = schedules.clock()
    return (start + interval * number for number in itertools.count(1))


def seen(scene: Scene) -> Scene:
    """Return the same scene with the accounts alone that its reader sees."""
    return replace(scene, accounts=scene.accounts[:SEEN])
