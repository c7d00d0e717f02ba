"""An operator is told: one line when polling begins to fail and one when it works again."""

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from kombu.exceptions import OperationalError as BrokerError
from psycopg.errors import AdminShutdown, QueryCanceled

from accounts import signing
from accounts.models import Account, Environment
from balances import tasks
from balances.ledger import partitions, schedules
from balances.lifecycle import pausing
from balances.models import Refresh, Schedule, Upstream
from balances.polling import claims, poll, recording
from balances.polling.results import Failure, Result
from qredo_dash.beat import Beat
from qredo_dash.celery import app
from qredo_dash.logs import CONFIGURATION
from tests.conftest import Cast, Simulator
from tests.support import props
from tests.support.history import answer, at, coins, keyless

#: The logger that tells of polling.
SAYS = "balances.polling.announcements"
REJECTED = Failure("key_rejected", "The host rejected the API key.")
BAD_CERTIFICATE = Failure("tls", "The host can not be trusted. Check QREDO_CA_FILE.")
TIMEOUT = Failure("timeout", "The host did not answer in time.")
FRESH = answer(BTC=coins(1))


class Lines:
    """What the console shows: formatted and filtered as everywhere."""

    def __init__(self, said: list[str]) -> None:
        self._said = said

    def taken(self) -> list[str]:
        """Return what was said since the last time, from the level on."""
        found = [line.split(" ", 2)[2] for line in self._said]
        self._said.clear()
        return found


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """The lines of the console, of a configuration of its own."""
    said: list[str] = []

    class Console(logging.StreamHandler[Any]):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(self.format(record))

    built: Any = logging.config.DictConfigurator(CONFIGURATION)
    console = Console()
    console.setFormatter(built.configure_formatter(CONFIGURATION["formatters"]["line"]))
    for name in CONFIGURATION["handlers"]["console"]["filters"]:
        console.addFilter(built.configure_filter(dict(CONFIGURATION["filters"][name])))
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [console])
    return Lines(said)


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run what follows as a transaction of its own, that commits."""
    # Months that such a commit leaves behind in the process are gone with the test.
    monkeypatch.setattr(partitions, "_known_months", set())
    return lambda: django_capture_on_commit_callbacks(execute=True)


def polled(now: datetime, outcome: Any, *, only: list[int] | None = None) -> None:
    due = claims.claim_due(limit=1_000, now=now, only=only)
    recording.record([Result(c.account_id, c.token, outcome) for c in due], now=now)


@pytest.mark.django_db
@pytest.mark.parametrize("failure", [REJECTED, BAD_CERTIFICATE])
def test_an_account_that_fails_is_told_once_and_so_is_its_return(
    lines: Lines, committed: Any, failure: Failure
) -> None:
    account = keyless("Secret label", at(10), 3_600)
    for hour in (10, 11, 12):
        with committed():
            polled(at(hour), failure)
    (line,) = lines.taken()
    assert line.startswith(
        "WARNING balances.polling.announcements: polling fails: Qredo production, "
    )
    assert f", {failure.reason}, since 2026-03-02T10:00:00Z: account {account.uid}: " in line
    assert failure.detail in line
    assert "Secret" not in line
    for hour in (13, 14):
        with committed():
            polled(at(hour), FRESH)
    (line,) = lines.taken()
    assert line == (
        "INFO balances.polling.announcements: polling works again: Qredo production, it failed"
        f" since 2026-03-02T10:00:00Z: account {account.uid}"
    )


@pytest.mark.django_db
def test_another_reason_is_told_but_not_to_and_fro(lines: Lines, committed: Any) -> None:
    keyless("Account", at(10), 3_600)
    for hour, failure in enumerate((REJECTED, BAD_CERTIFICATE, REJECTED, BAD_CERTIFICATE), 10):
        with committed():
            polled(at(hour), failure)
    assert [line.split(", ")[1] for line in lines.taken()] == ["key_rejected", "tls"]


@pytest.mark.django_db
def test_ways_of_not_answering_are_one_reason(lines: Lines, committed: Any) -> None:
    keyless("Account", at(10), 3_600)
    for hour, reason in enumerate(("timeout", "refused", "reset", "key_rejected"), 10):
        with committed():
            polled(at(hour), Failure(reason, "It did not answer."))
    assert [line.split(", ")[1] for line in lines.taken()] == ["timeout", "key_rejected"]


@pytest.mark.django_db
def test_a_slot_that_is_tried_again_and_answered_is_no_news(lines: Lines, committed: Any) -> None:
    keyless("Account", at(10))
    passing = Failure("timeout", "It did not answer.", permanent=False)
    for minute, outcome in ((0, passing), (1, FRESH)):
        with committed():
            polled(at(10, minute), outcome)
    assert Schedule.objects.get().failing_since is None
    assert lines.taken() == []


@pytest.mark.django_db
def test_many_accounts_that_fail_alike_are_one_line(
    lines: Lines, committed: Any, settings: Any
) -> None:
    settings.QREDO_CONCURRENCY = settings.QREDO_RATE_PER_SECOND = 1_000
    accounts = [keyless(f"Account {n}", at(10)) for n in range(40)]
    Account.objects.filter(pk=accounts[0].pk).update(environment=Environment.SANDBOX)
    with committed():
        polled(at(10), REJECTED)
    production, sandbox = lines.taken()
    assert ": 39 accounts: " in production
    assert " and 29 more: " in production
    assert "Qredo sandbox, key_rejected" in sandbox
    assert str(accounts[0].uid) in sandbox
    with committed():
        polled(at(11), FRESH)
    assert len(lines.taken()) == 2


@pytest.mark.django_db
def test_an_environment_that_is_down_is_told_once_for_all_its_accounts(
    lines: Lines, committed: Any
) -> None:
    for n in range(12):
        keyless(f"Account {n}", at(10), 15)
    now = at(10)
    with committed():
        polled(now, TIMEOUT)
    told = lines.taken()
    assert any(
        "WARNING" in line and "Qredo production does not answer: timeout, since" in line
        for line in told
    )
    assert len(told) == 2  # the other one: whose slot had ended before it was known
    for _ in range(60):
        now += timedelta(seconds=15)
        with committed():
            polled(now, TIMEOUT)
    assert lines.taken() == []
    with committed():
        polled(now + timedelta(minutes=10), FRESH)
    told = lines.taken()
    assert told[-1].startswith(f"INFO {SAYS}: Qredo production answers again: it did not since")


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["shed", "unclaimed"])
def test_slots_that_are_missed_begin_and_end_in_the_log(
    lines: Lines, committed: Any, settings: Any, reason: str
) -> None:
    settings.QREDO_CONCURRENCY, settings.POLL_CHUNK_DEADLINE_SECONDS = 1, 3_600.0
    for n in range(2 if reason == "shed" else 1):
        keyless(f"Account {n}", at(10))
    for minute in (0, 5, 10, 15) if reason == "shed" else (10,):
        with committed():
            claims.claim_due(limit=10, now=at(10, minute))
    (line,) = lines.taken()
    assert line.startswith(f"WARNING {SAYS}: slots are missed: Qredo production, {reason}")
    with committed():
        claims.reap(at(11))
    lines.taken()
    Schedule.objects.update(next_slot=at(14))
    for minute in (0, 5):
        with committed():
            claims.claim_due(limit=10, now=at(13, minute))
    (line,) = lines.taken()
    assert line.startswith(f"INFO {SAYS}: no slots are missed any more: Qredo production: ")
    assert reason in line
    assert Upstream.objects.get(environment="production", is_demo=False).missing_slots == 0


@pytest.mark.django_db
def test_calm_is_told_once_nothing_was_missed_for_two_intervals(
    lines: Lines, committed: Any, settings: Any
) -> None:
    settings.POLL_INTERVAL_SECONDS = 300
    keyless("Account", at(10))
    told = []
    for minute in (10, 15, 20, 25, 30):
        with committed():
            polled(at(10, minute), FRESH)
        told.append([line.split(": ")[1] for line in lines.taken()])
    assert told == [["slots are missed"], [], [], ["no slots are missed any more"], []]


@pytest.mark.django_db
def test_a_claim_that_was_never_finished_is_told(lines: Lines, committed: Any) -> None:
    keyless("Account", at(10), 15)
    for minute in (0, 5, 10):
        claims.claim_due(limit=1, now=at(10, minute))
        with committed():
            claims.reap(at(10, minute, 30))
    told = [line for line in lines.taken() if "unfinished" in line]
    (line,) = told
    assert "slots are missed: Qredo production, unfinished, since" in line


@pytest.mark.django_db
def test_a_refresh_that_was_never_finished_is_no_missed_slot(lines: Lines, committed: Any) -> None:
    account = keyless("Account", at(10), 15)
    refresh = Refresh.objects.create(account=account, asked_at=at(10))
    assert claims.claim_refresh(account.pk, refresh.pk, hold=timedelta(seconds=60))
    with committed():
        claims.reap(schedules.clock() + timedelta(minutes=2))
    (line,) = lines.taken()
    assert line.startswith(f"WARNING {SAYS}: refreshes were not finished: 1: a worker took them")
    assert not Upstream.objects.exclude(missing_slots=0).exists()
    refresh.refresh_from_db()
    assert (refresh.outcome, refresh.reason) == ("missed", "unfinished")


@pytest.mark.django_db
@pytest.mark.parametrize("then", ["fails", "works"])
def test_what_was_paused_while_it_failed_is_told_again_if_it_still_fails(
    lines: Lines, committed: Any, then: str
) -> None:
    account = keyless("Secret label", at(10), 3_600)
    with committed():
        polled(at(10), REJECTED)
    lines.taken()
    with committed():
        pausing.pause(account, by=None)
    (line,) = lines.taken()
    assert line == (
        f"INFO {SAYS}: polling is stopped: Qredo production, paused, it failed since"
        f" 2026-03-02T10:00:00Z: account {account.uid}"
    )
    pausing.resume(account, by=None)
    now = Schedule.objects.get(account=account).next_slot
    assert now is not None
    with committed():
        polled(now, REJECTED if then == "fails" else FRESH)
    told = lines.taken()
    # That it works again is news only of what was told to fail.
    assert [line.split(": ")[1] for line in told] == (["polling fails"] if then == "fails" else [])


@pytest.mark.django_db
def test_a_pause_of_what_works_is_no_news(lines: Lines, committed: Any) -> None:
    account = keyless("Account", at(10), 3_600)
    with committed():
        polled(at(10), FRESH)
        pausing.pause(account, by=None)
    assert lines.taken() == []


@pytest.mark.django_db
def test_a_lowered_rate_is_told(lines: Lines, committed: Any) -> None:
    keyless("Account", at(10), 15)
    with committed():
        polled(at(10), Failure("rate_limited", "Too often."))
    assert any("was asked too often" in line for line in lines.taken())


def test_a_setting_that_names_no_file_is_told_with_its_path_and_the_account(
    lines: Lines, committed: Any, simulator: Simulator, custody: Account, settings: Any
) -> None:
    settings.QREDO_CA_FILE = "/nowhere/ca.pem"
    signing._transport.cache_clear()
    props.scheduled(custody, schedules.clock() - timedelta(seconds=1), 300)
    try:
        for _ in range(2):
            with committed():
                (record,) = poll.poll(claims.claim_due(limit=1, only=[custody.pk]))
            Schedule.objects.update(next_slot=schedules.clock() - timedelta(seconds=1))
    finally:
        signing._transport.cache_clear()
    (line,) = lines.taken()
    for said in (line, record.detail):
        assert "QREDO_CA_FILE names /nowhere/ca.pem" in said
    assert str(custody.uid) in line
    assert simulator.key("Custody")[0] not in line


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_refused_request_is_one_line(
    lines: Lines, cast: Cast, foreign: Account, custody: Account, method: str
) -> None:
    browser = props.signed_in(cast.viewer)
    strict = props.signed_in(cast.viewer, enforce_csrf_checks=True)
    nobody = Client()
    requests: list[Any] = [
        lambda: getattr(nobody, method)("/", headers={"host": "evil.example.com"}),
        lambda: getattr(nobody, method)("/", headers={"host": "a b"}),
        lambda: getattr(browser, method)("/nothing/"),
        lambda: getattr(nobody, method)("/nothing/"),
        lambda: getattr(browser, method)(f"/accounts/{foreign.uid}/"),
        lambda: browser.post(f"/accounts/{custody.uid}/pause/"),
        lambda: browser.put(f"/accounts/{custody.uid}/pause/"),
        lambda: strict.post("/profile/", {"name": "a"}),
        lambda: browser.post("/accounts/add/", {"label": "x" * 5_000_000}),
    ]
    for request in requests:
        lines.taken()
        status = request().status_code
        told = lines.taken()
        assert 400 <= status < 500, status
        assert len(told) == 1, told
        assert "Traceback" not in told[0]
        assert "\n" not in told[0]
        assert told[0].startswith("WARNING ")


def test_beat_says_once_that_the_broker_is_away(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = [True]
    beat = Beat(app=app)

    def send(*_: Any, **__: Any) -> None:
        if away[0]:
            raise BrokerError("Error 111 connecting to 127.0.0.1:6379. Connection refused.")

    monkeypatch.setattr(app, "send_task", send)
    monkeypatch.setattr(beat, "_is_crowded", lambda _: False)
    entry = beat.schedule["tick"]
    for _ in range(20):
        beat.apply_entry(entry)
    (line,) = lines.taken()
    assert "WARNING qredo_dash.beat: The broker (REDIS_URL) does not answer (Oper" in line
    away[0] = False
    for _ in range(3):
        beat.apply_entry(entry)
    (line,) = lines.taken()
    assert line.startswith("INFO qredo_dash.beat: The broker (REDIS_URL) answers again after ")


@pytest.mark.parametrize(
    ("error", "away"),
    [(AdminShutdown, True), (None, True), (QueryCanceled, False)],
)
def test_a_worker_says_once_that_the_database_is_away(
    lines: Lines, monkeypatch: pytest.MonkeyPatch, error: Any, *, away: bool
) -> None:
    def ends() -> None:
        raise OperationalError("gone") from (error() if error else None)

    monkeypatch.setattr("balances.polling.schedules.add_missing", ends)
    for _ in range(5):
        if away:
            tasks.tick()
        else:
            with pytest.raises(OperationalError):
                tasks.tick()
    assert len(lines.taken()) == (1 if away else 0)
    monkeypatch.setattr(tasks, "hand_out", lambda _: None)
    for name in (
        "polling.schedules.add_missing",
        "polling.claims.reap",
        "portfolio.incidents.watch",
        "polling.claims.claim_due",
    ):
        monkeypatch.setattr(f"balances.{name}", lambda *_, **__: None)
    monkeypatch.setattr("balances.polling.refreshes.sweep", list)
    tasks.tick()
    assert len(lines.taken()) == (1 if away else 0)


def test_a_librarys_complaint_is_said_once_in_ten_minutes(lines: Lines) -> None:
    log = logging.getLogger("celery.worker.consumer.consumer")
    for attempt in range(50):
        error = ConnectionRefusedError()
        log.error("consumer: Cannot connect: again in %s seconds", attempt, exc_info=error)
    (line,) = lines.taken()
    assert "\n" not in line
