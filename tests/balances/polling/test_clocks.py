"""No decision rests on another clock than PostgreSQL's: not a message's, not a signature's."""

import json
import logging
import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as project

from accounts.models import Account
from balances import tasks
from balances.ledger import schedules
from balances.polling import claims, poll
from qredo_dash.beat import MOST_WAITING, Beat
from qredo_dash.celery import app
from qredo_dash.clock_watch import ClockWatch
from tests.conftest import Simulator
from tests.support import props
from tests.support.history import at, keyless
from tests.support.servers import broker

#: Seconds by which a machine's clock is off, in the trials.
SKEWS = (-12.0, 7_200.0, -600.0)


@pytest.fixture
def queues() -> Any:
    """The broker's queues, empty before and after."""
    link = broker.link()
    link.flushdb()
    yield link
    link.flushdb()
    link.close()


def set_clock(monkeypatch: pytest.MonkeyPatch, ahead: float) -> None:
    """Let this machine's clock be ahead by so many seconds; its monotonic one goes on."""
    right, right_ns = time.time, time.time_ns
    monkeypatch.setattr(time, "time", lambda: right() + ahead)
    monkeypatch.setattr(time, "time_ns", lambda: right_ns() + int(ahead * 1e9))
    monkeypatch.setattr(app, "now", lambda: schedules.clock() + timedelta(seconds=ahead))


def headers_of(link: Any, queue: str) -> list[dict[str, Any]]:
    return [json.loads(message)["headers"] for message in link.lrange(queue, 0, -1)]


@pytest.mark.django_db
@pytest.mark.parametrize("ahead", SKEWS)
def test_no_message_says_until_when_it_holds(
    queues: Any, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    set_clock(monkeypatch, ahead)
    Beat(app=app).tick()
    keyless("Account", at(10))
    tasks.hand_out(claims.claim_due(limit=1, now=at(10)))
    tasks.send_refresh(1)
    sent = [*headers_of(queues, project.TICK_QUEUE), *headers_of(queues, "celery")]
    assert {one["task"] for one in sent} >= {
        "balances.tick", "balances.poll_chunk", "balances.refresh", "balances.export_heads",
    }  # fmt: skip
    assert {(one["expires"], one["eta"]) for one in sent} == {(None, None)}


@pytest.mark.django_db
def test_a_night_without_workers_leaves_two_ticks(
    queues: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    beat = Beat(app=app)
    for _ in range(50):
        assert beat.tick() == project.POLL_TICK_SECONDS
        now[0] += project.POLL_TICK_SECONDS
    assert queues.llen(project.TICK_QUEUE) == MOST_WAITING


@pytest.mark.django_db
@pytest.mark.parametrize("step", [-7_200.0, 7_200.0])
def test_a_clock_that_steps_neither_stops_nor_hurries_beat(
    queues: Any, monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    beat = Beat(app=app)
    beat.tick()
    queues.flushdb()
    set_clock(monkeypatch, step)
    now[0] += project.POLL_TICK_SECONDS / 2
    beat.tick()
    assert queues.llen(project.TICK_QUEUE) == 0
    now[0] += project.POLL_TICK_SECONDS / 2
    beat.tick()
    assert queues.llen(project.TICK_QUEUE) == 1


@pytest.mark.parametrize("ahead", SKEWS)
def test_a_worker_with_a_wrong_clock_polls_as_the_others_do(
    simulator: Simulator, custody: Account, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    props.scheduled(custody, schedules.clock() - timedelta(seconds=1), 300)
    assert simulator.requests_of("Custody") >= 0
    set_clock(monkeypatch, ahead)
    (record,) = poll.poll(claims.claim_due(limit=1, only=[custody.pk]))
    assert (record.outcome, record.reason) == ("fresh", "")


@pytest.mark.django_db
def test_a_wrong_clock_of_the_database_is_named_by_qredos_date(
    simulator: Simulator, custody: Account
) -> None:
    simulator.admin("POST", "clock", date_skew=600, window_skew=600)
    props.scheduled(custody, schedules.clock() - timedelta(seconds=1), 300)
    (record,) = poll.poll(claims.claim_due(limit=1, only=[custody.pk]))
    assert record.reason == "clock"
    assert "The database server's clock is 600 s behind" in record.detail


@pytest.mark.django_db
@pytest.mark.parametrize(("ahead", "words"), [(-12, "12 s behind"), (7_200, "7200 s ahead of")])
def test_a_clock_that_is_off_is_named_once_and_so_is_its_return(
    caplog: pytest.LogCaptureFixture, ahead: float, words: str
) -> None:
    wall = [time.time() + ahead + 0.5 * (1 if ahead > 0 else -1)]
    watch = ClockWatch(project.DATABASE_URL, "beat", wall=lambda: wall[0])
    with caplog.at_level(logging.INFO, "qredo_dash.clock_watch"):
        watch.look()
        watch.look()
        wall[0] = time.time()
        watch.look()
        watch.look()
    began, ended = caplog.records
    assert (began.levelname, ended.levelname) == ("WARNING", "INFO")
    assert "the clock of beat on" in began.getMessage()
    assert words in began.getMessage()
