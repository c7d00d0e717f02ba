"""The cast and the props that every test shares."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts import sharing
from accounts.models import Account, Environment, Membership, Organization, Role, User
from balances.lifecycle import ownership
from balances.polling import schedules
from tests.support import props, roles
from tests.support.history import StoppedClock, at

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Simulator:
    """The real simulator, a process of its own, with its clock and its faults at hand."""

    address: str
    environments: dict[str, str]
    accounts: list[dict[str, Any]]

    def key(self, name: str) -> tuple[str, str]:
        """Return key id and secret of the first key of the account with this name."""
        account = next(a for a in self.accounts if a["name"] == name)
        return account["keys"][0]["key_id"], account["keys"][0]["secret"]

    def admin(self, method: str, path: str, **body: Any) -> Any:
        """Make an admin call; return its answer."""
        link = HTTPConnection(urlsplit(self.address).netloc, timeout=10)
        payload = json.dumps(body) if body else None
        link.request(method, f"/_admin/{path}", payload, {"content-type": "application/json"})
        answer = link.getresponse()
        text = answer.read()
        link.close()
        assert answer.status < 300, text
        return json.loads(text) if text else None

    def holds(self, name: str, **assets: tuple[int, int, int, int, int]) -> None:
        """Let an account hold exactly this: total, available, pending in and out, scale."""
        fields = ("total", "available", "pendingIn", "pendingOut", "scale")
        told = {a: dict(zip(fields, amounts, strict=True)) for a, amounts in assets.items()}
        self.admin("POST", "balance", key_id=self.key(name)[0], assets=told)

    def fails(self, name: str, fault: str | None, **details: Any) -> None:
        """Let an account's key meet a fault until told otherwise."""
        self.admin("POST", "fault", key_id=self.key(name)[0], fault=fault, **details)

    def requests_of(self, name: str) -> int:
        """Return how many requests the account's key has made."""
        counters = self.admin("GET", "requests")
        return int(counters["keys"].get(self.key(name)[0], {}).get("requests", 0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly which browsers were not there: a dot or an s is soon overlooked."""
    skipped = terminalreporter.stats.get("skipped", [])
    told = {str(one.longrepr[2]).removeprefix("Skipped: ") for one in skipped if one.longrepr}
    for words in sorted(words for words in told if words.startswith("NO PAGE WAS TESTED")):
        terminalreporter.write_line(words, red=True, bold=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:  # noqa: ARG001
    """Once the owner has made and migrated the test database, be the application."""
    with roles.application():
        yield


@pytest.fixture
def as_owner(db: None) -> Iterator[None]:  # noqa: ARG001
    """Own the tables in this test, to tamper with what the application cannot touch."""
    with roles.owner():
        yield


@pytest.fixture
def link(db: None) -> Iterator[psycopg.Connection[Any]]:  # noqa: ARG001
    """Log in to the test database as the application's processes do, with its own password."""
    name = str(connection.settings_dict["NAME"])
    with psycopg.connect(settings.DATABASE_URL, dbname=name, autocommit=True) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _nobody_tried_before() -> None:
    # Attempts are counted by address, which all tests share.
    cache.clear()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    # Slow hashing protects people; here it would only cost every test a second.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def _simulator() -> Iterator[Simulator]:
    with subprocess.Popen(
        [sys.executable, "-m", "qredo_sandbox", "--port", "0", "--exit-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    ) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        yield Simulator(first["address"], first["environments"], first["accounts"])
        process.terminate()


@pytest.fixture
def simulator(_simulator: Simulator, settings: Any) -> Iterator[Simulator]:
    """Point both environments at the simulator; what a test told it is gone afterwards."""
    settings.QREDO_GIVEN_URLS = dict(_simulator.environments)
    yield _simulator
    _simulator.admin("DELETE", "fault")
    _simulator.admin("DELETE", "settings")
    _simulator.admin("POST", "clock", date_skew=0, window_skew=0)
    for account in _simulator.accounts:
        for key in account["keys"]:
            _simulator.admin("POST", "balance", key_id=key["key_id"], assets=None)


@dataclass(frozen=True)
class Cast:
    """The same people everywhere."""

    owner: User  # has a personal account
    reader: User  # may read it
    former: User  # had it, or had given it, before
    admin: User
    operator: User
    viewer: User  # the teammate
    auditor: User
    stranger: User  # an admin of another organization
    superuser: User
    fund: Organization
    other: Organization


@pytest.fixture
def cast(db: None) -> Cast:  # noqa: ARG001
    """Make everybody."""
    named = ("owner", "reader", "former", *Role.values, "stranger")
    people = {name: props.person(name) for name in named}
    fund = Organization.objects.create(name="Fund")
    other = Organization.objects.create(name="Other")
    for role in Role.values:
        Membership.objects.create(organization=fund, user=people[role], role=role)
    Membership.objects.create(organization=other, user=people["stranger"], role=Role.ADMIN)
    superuser = User.objects.create_superuser("superuser@example.com", props.PASSWORD)
    return Cast(**people, superuser=superuser, fund=fund, other=other)


@pytest.fixture
def custody(cast: Cast, simulator: Simulator) -> Account:
    """The fund's account "Custody", enrolled with its real key, never polled."""
    return props.enrolled(simulator.key("Custody"), "Custody", cast.fund)


@pytest.fixture
def trading(cast: Cast, simulator: Simulator) -> Account:
    """The fund's second account."""
    return props.enrolled(simulator.key("Trading"), "Trading", cast.fund)


@pytest.fixture
def personal(cast: Cast, simulator: Simulator) -> Account:
    """The owner's personal account, once somebody else's; the reader may read it."""
    name = next(a["name"] for a in simulator.accounts if a["kind"] == "personal")
    account = props.enrolled(simulator.key(name), "Personal", cast.former)
    schedules.add_missing([account])
    # What the former owner had let somebody read ended with the transfer.
    props.shared(account, cast.stranger)
    ownership.transfer(account, cast.owner, by=cast.former)
    props.shared(account, cast.reader)
    # What is offered opens nothing.
    sharing.offer(account, cast.superuser.email, by=cast.owner)
    return account


@pytest.fixture
def foreign(cast: Cast, simulator: Simulator) -> Account:
    """An account of the organization that the fund's people have no part in."""
    return props.enrolled(simulator.key("Hot wallet"), "Foreign treasure", cast.other)


@pytest.fixture
def rehearsal(cast: Cast, simulator: Simulator) -> Account:
    """The fund's account in Qredo's sandbox environment."""
    key = simulator.key("Rehearsal")
    return props.enrolled(key, "Rehearsal", cast.fund, environment=Environment.SANDBOX)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """Stop PostgreSQL's clock, as the program sees it, at ten o'clock."""
    return StoppedClock(monkeypatch, at(10))


@pytest.fixture
def viewer(cast: Cast) -> Client:
    """Return a test client of the fund's viewer, who has just signed in."""
    return props.signed_in(cast.viewer)


@pytest.fixture
def browser_of() -> Any:
    """Return a test client of somebody who has just signed in."""
    return props.signed_in
