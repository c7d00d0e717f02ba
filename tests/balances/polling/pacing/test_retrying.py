"""Retries: an error that may pass leaves its slot open, and a slot ends once all the same."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Account
from balances.lifecycle import pausing
from balances.models import Schedule
from balances.polling import claims, recording, refreshes
from balances.polling.pacing import retries
from balances.polling.results import Failure, Result
from tests.conftest import Simulator
from tests.support import props
from tests.support.history import (
    StoppedClock,
    answer,
    assert_tiled,
    at,
    claimed,
    coins,
    delivered,
    failed,
    keyless,
    seen,
    timeline,
    words,
)

PASSING = Failure("timeout", "The host did not answer in time.", permanent=False)
RESET = Failure("reset", "The connection broke.", permanent=False)
TLS = Failure("tls", "Check QREDO_CA_FILE.")


@pytest.fixture(autouse=True)
def _longest_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    # With an interval of 300 s: 18.75 s after the first attempt, 37.5 s after the second.
    monkeypatch.setattr(retries, "jitter", lambda: 1.0)


@pytest.fixture
def account(db: None) -> Account:  # noqa: ARG001
    return keyless("Custody", at(10))


def schedule(account: Account) -> Schedule:
    return Schedule.objects.get(account=account)


def asks_for(seconds: int) -> Failure:
    return Failure("rate_limited", "Too often.", permanent=False, retry_after=seconds)


def is_due(account: Account, now: datetime) -> bool:
    due = claims.claim_due(limit=1, now=now, only=[account.pk])
    claims.give_back(due)
    return bool(due)


def test_a_passing_error_leaves_the_slot_open_and_the_next_attempt_may_answer(
    account: Account,
) -> None:
    failed(account, at(10), PASSING)
    assert words(account) == []
    assert (schedule(account).next_slot, schedule(account).attempts) == (at(10), 1)
    assert not is_due(account, at(10, 0, 18))
    assert is_due(account, at(10, 0, 19))
    seen(account, at(10, 0, 19), BTC=coins(1))
    assert words(account) == [("fresh", "", 1)]
    assert (schedule(account).next_slot, schedule(account).attempts) == (at(10, 5), 0)
    assert_tiled(account)


def test_waits_grow_and_the_third_attempt_is_the_last(account: Account) -> None:
    failed(account, at(10), PASSING)
    failed(account, at(10, 0, 20), PASSING)
    assert not is_due(account, at(10, 0, 57))
    failed(account, at(10, 0, 58), RESET)
    assert words(account) == [("failed", "reset", 1)]
    assert not is_due(account, at(10, 4, 59))
    assert is_due(account, at(10, 5))
    assert_tiled(account)


def test_a_slot_without_time_for_another_attempt_ends(account: Account) -> None:
    failed(account, at(10, 3, 42), PASSING)
    assert words(account) == [("failed", "timeout", 1)]
    assert_tiled(account)


def test_waits_are_jittered_from_nothing_on(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "jitter", lambda: 0.0)
    failed(account, at(10), PASSING)
    assert is_due(account, at(10))


@pytest.mark.django_db
def test_long_intervals_wait_minutes_not_hours() -> None:
    daily = keyless("Daily", at(10), 86_400)
    failed(daily, at(10), PASSING)
    assert is_due(daily, at(10, 5))


def test_an_error_that_stays_ends_the_slot_at_once(account: Account) -> None:
    failed(account, at(10), TLS)
    assert words(account) == [("failed", "tls", 1)]
    assert schedule(account).not_before is None


def test_a_tried_slot_that_is_overtaken_failed_and_only_the_others_are_missed(
    account: Account,
) -> None:
    failed(account, at(10), PASSING)
    seen(account, at(10, 16), BTC=coins(1))
    assert words(account) == [
        ("failed", "timeout", 1),
        ("missed", "unclaimed", 2),
        ("fresh", "", 1),
    ]
    assert_tiled(account)


def test_a_retry_that_nobody_finishes_ends_failed_with_the_last_reason(account: Account) -> None:
    failed(account, at(10), PASSING)
    claimed(account, at(10, 0, 30))
    assert claims.reap(at(10, 2, 31)) == 1
    assert words(account) == [("failed", "timeout", 1)]
    assert_tiled(account)


def test_a_retry_that_was_not_begun_is_claimed_anew(account: Account) -> None:
    failed(account, at(10), PASSING)
    claims.give_back([claimed(account, at(10, 0, 30))])
    failed(account, at(10, 0, 31), RESET)
    assert schedule(account).attempts == 2
    assert words(account) == []


def test_a_pause_ends_a_tried_slot_as_failed(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = StoppedClock(monkeypatch, at(10, 0, 10))
    failed(account, at(10), PASSING)
    pausing.pause(account, by=None)
    assert words(account) == [("failed", "timeout", 1), ("paused", "", 0)]
    clock.now = at(10, 9)
    pausing.resume(account, by=None)
    seen(account, at(10, 9), BTC=coins(1))
    assert_tiled(account)


def test_the_account_shows_as_failed_while_it_waits(account: Account) -> None:
    failed(account, at(10), PASSING)
    assert schedule(account).failing_since == at(10)
    assert schedule(account).last_reason == "timeout"


@pytest.mark.parametrize(("asked", "begins"), [(20, at(10, 0, 38)), (60, at(10, 1, 18))])
def test_the_wait_that_qredo_asks_for_comes_before_the_jitter(
    account: Account, asked: int, begins: datetime
) -> None:
    failed(account, at(10), asks_for(asked))
    assert not is_due(account, begins)
    assert is_due(account, begins + timedelta(seconds=1))
    assert schedule(account).attempts == 1


def test_a_longer_wait_ends_the_slot_and_delays_the_next_by_an_interval_at_most(
    account: Account,
) -> None:
    failed(account, at(10, 0, 10), asks_for(3_600))
    assert words(account) == [("failed", "rate_limited", 1)]
    assert not is_due(account, at(10, 5))
    assert not is_due(account, at(10, 5, 9))
    seen(account, at(10, 5, 10), BTC=coins(1))
    # No slot was skipped for it.
    assert words(account) == [("failed", "rate_limited", 1), ("fresh", "", 1)]


@pytest.mark.django_db
def test_no_wait_is_longer_than_an_hour() -> None:
    daily = keyless("Daily", at(10), 86_400)
    failed(daily, at(10), asks_for(80_000))
    assert schedule(daily).attempts == 1
    assert is_due(daily, at(11, 5))


def test_a_refresh_is_not_retried_and_leaves_a_tried_slot_alone(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    StoppedClock(monkeypatch, at(10, 0, 5))
    failed(account, at(10), PASSING)
    refresh = refreshes.ask(account, by=None)
    claim = claims.claim_refresh(account.pk, refresh.pk, hold=timedelta(seconds=60))
    assert claim is not None
    (recorded,) = recording.record([Result(account.pk, claim.token, RESET)], now=at(10, 0, 6))
    refresh.refresh_from_db()
    assert (recorded.outcome, refresh.outcome) == ("failed", "failed")
    assert (schedule(account).next_slot, schedule(account).attempts) == (at(10), 1)
    claims.claim_due(limit=1, now=at(10, 5))
    assert words(account) == [("failed", "timeout", 1)]


def test_the_longest_waiting_come_first_retries_too(account: Account) -> None:
    failed(account, at(10), PASSING)
    later = keyless("Later", at(10, 0, 10))
    first = claims.claim_due(limit=1, now=at(10, 1))
    assert [claim.account_id for claim in first] == [later.pk]


def test_a_slot_that_is_answered_at_the_second_attempt_makes_two_requests(
    simulator: Simulator, custody: Account
) -> None:
    props.scheduled(custody, at(10), 300)
    simulator.fails("Custody", "500", count=1)
    before = simulator.requests_of("Custody")
    assert [r.outcome for r in props.polled([custody], at(10))] == ["failed"]
    assert props.polled([custody], at(10, 0, 10)) == []
    assert [r.outcome for r in props.polled([custody], at(10, 0, 30))] == ["fresh"]
    assert simulator.requests_of("Custody") == before + 2
    assert words(custody) == [("fresh", "", 1)]


def test_retry_after_of_the_wire_is_heeded(simulator: Simulator, custody: Account) -> None:
    props.scheduled(custody, at(10), 300)
    simulator.fails("Custody", "429", count=1, retry_after="100")
    props.polled([custody], at(10))
    assert props.polled([custody], at(10, 1, 58)) == []
    assert [r.outcome for r in props.polled([custody], at(10, 1, 59))] == ["fresh"]


def test_an_answer_of_a_first_attempt_does_not_count_twice(account: Account) -> None:
    claim = claimed(account, at(10))
    delivered(claim, PASSING, at(10, 0, 1))
    assert delivered(claim, PASSING, at(10, 0, 2)) == []
    assert delivered(claim, answer(BTC=coins(1)), at(10, 0, 3)) == []
    assert schedule(account).attempts == 1
    assert timeline(account) == []
