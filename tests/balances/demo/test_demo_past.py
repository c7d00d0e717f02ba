"""The demo's past is loaded beside people who already act upon its accounts."""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection

from accounts.models import Account
from balances.demo import past
from balances.demo.people import ensure_people
from balances.demo.simulator import TurnedBack, turned_back
from balances.evidence.verification import verify
from balances.ledger import schedules
from balances.lifecycle import keys, pausing
from balances.models import Schedule
from tests.support.history import words

INTERVAL = 30


@pytest.fixture(scope="module")
def frozen() -> Iterator[TurnedBack]:
    with turned_back(seed=1) as simulator:
        yield simulator


@pytest.fixture
def demo(
    frozen: TurnedBack,
    db: None,  # noqa: ARG001
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> TurnedBack:
    """A demo whose past is three days long."""
    settings.DEMO, settings.DATA_DIR = True, tmp_path
    settings.POLL_INTERVAL_SECONDS = INTERVAL
    settings.QREDO_SIMULATOR_URLS = frozen.environments
    monkeypatch.setattr(past, "DAYS", 3)
    ensure_people()
    return frozen


def named(label: str) -> Account:
    return Account.objects.get(label=label)


class Meanwhile:
    """Acts once a day of the past is written."""

    def __init__(self, *acts: Callable[[], object]) -> None:
        self.acts = iter((lambda: None, *acts))

    def __call__(self, _done: float) -> None:
        next(self.acts, lambda: None)()


STOPS = {
    "paused": pausing.pause,
    "archived": pausing.archive,
    "keyless": keys.revoke_key,
}


@pytest.mark.parametrize("kind", STOPS)
def test_what_somebody_stops_while_the_past_loads_stays_so(demo: TurnedBack, kind: str) -> None:
    stop = partial(STOPS[kind], by=None)
    past.load(demo, Meanwhile(lambda: stop(named("Custody"))))
    stopped = Schedule.objects.get(account=named("Custody"))
    assert (stopped.next_slot, stopped.interval_seconds) == (None, INTERVAL)
    assert [word for word, _, _ in words(stopped.account)][-1] == kind
    others = Schedule.objects.exclude(pk=stopped.pk)
    assert set(others.values_list("interval_seconds", flat=True)) == {INTERVAL}
    assert not others.filter(next_slot=None).exists()
    assert verify.verify().findings == []


def test_what_was_resumed_while_the_past_loads_is_polled_as_often_as_others(
    demo: TurnedBack,
) -> None:
    past.load(
        demo,
        Meanwhile(
            lambda: pausing.pause(named("Custody"), by=None),
            lambda: pausing.resume(named("Custody"), by=None),
        ),
    )
    resumed = Schedule.objects.get(account=named("Custody"))
    assert resumed.next_slot is not None
    assert resumed.interval_seconds == INTERVAL
    assert verify.verify().findings == []


@pytest.mark.django_db(transaction=True, available_apps=list(project.INSTALLED_APPS))
def test_a_stop_at_the_very_moment_a_day_begins_is_not_undone(
    demo: TurnedBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's transaction commits between the loader's look and its lock."""
    acts = Meanwhile(lambda: stopped_elsewhere("Custody"))

    def lock(ids: Sequence[int]) -> dict[int, schedules.Entry]:
        acts(0)
        return schedules.lock(ids)

    monkeypatch.setattr(past, "ledger_schedules", SimpleNamespace(lock=lock, clock=schedules.clock))
    past.load(demo, lambda _: None)
    stopped = Schedule.objects.get(account=named("Custody"))
    assert stopped.next_slot is None
    assert stopped.claim_token is None


def stopped_elsewhere(label: str) -> None:
    def stop() -> None:
        pausing.archive(named(label), by=None)
        connection.close()

    other = threading.Thread(target=stop)
    other.start()
    other.join()
