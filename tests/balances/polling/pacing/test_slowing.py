"""Slowing down: what a rejected key costs, and what brings an account back to its pace."""

from datetime import timedelta

import pytest

from accounts.models import Account, ApiKey, User
from balances.history import positions
from balances.lifecycle import pausing
from balances.models import Schedule
from balances.polling import claims, poll, recording, refreshes
from balances.polling.results import Failure, Result
from balances.portfolio.members import bare_members
from tests.conftest import Simulator
from tests.support import props
from tests.support.history import (
    INTERVAL,
    StoppedClock,
    Stretch,
    answer,
    assert_tiled,
    at,
    coins,
    failed,
    keyless,
    seen,
    timeline,
    words,
)

REJECTED = Failure("key_rejected", "The host rejected the API key.")
HOUR = 3_600


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 7))


@pytest.fixture
def account(db: None, clock: StoppedClock) -> Account:  # noqa: ARG001
    return keyless("Custody", at(10))


@pytest.fixture
def slow(account: Account) -> Account:
    """Seen at 10:00, rejected at 10:05."""
    seen(account, at(10), BTC=coins(1))
    failed(account, at(10, 5), REJECTED)
    return account


def pace(account: Account) -> tuple[int, int | None]:
    schedule = Schedule.objects.get(account=account)
    return schedule.interval_seconds, schedule.base_interval_seconds


def refreshed(account: Account, outcome: object) -> None:
    refresh = refreshes.ask(account, by=None)
    claim = claims.claim_refresh(account.pk, refresh.pk, hold=timedelta(seconds=60))
    assert claim is not None
    recording.record([Result(account.pk, claim.token, outcome)])  # type: ignore[arg-type]


@pytest.mark.parametrize("reason", ["key_rejected", "permission"])
def test_a_rejected_key_is_asked_about_hourly(account: Account, reason: str) -> None:
    seen(account, at(10))
    failed(account, at(10, 5), Failure(reason, ""))
    assert pace(account) == (HOUR, INTERVAL)
    assert claims.claim_due(limit=1, now=at(11, 4, 59)) == []
    failed(account, at(11, 5), Failure(reason, ""))
    assert pace(account) == (HOUR, INTERVAL)
    assert timeline(account) == [
        Stretch(at(10), at(10, 5), "fresh", "", 1),
        Stretch(at(10, 5), at(12, 5), "failed", reason, 2),
    ]
    assert_tiled(account)


@pytest.mark.parametrize("reason", ["clock", "tls", "not_found", "bad_request", "not_understood"])
def test_other_reasons_do_not_slow(account: Account, reason: str) -> None:
    failed(account, at(10), Failure(reason, ""))
    assert pace(account) == (INTERVAL, None)


def test_a_key_that_never_left_this_machine_is_not_blamed(account: Account) -> None:
    failed(account, at(10), poll.SEALED)
    failed(account, at(10, 5), poll.NO_KEY)
    assert pace(account) == (INTERVAL, None)


def test_a_slow_answer_that_came_after_the_next_slot_tiles(account: Account) -> None:
    seen(account, at(10))
    claim = claims.claim_due(limit=1, now=at(10, 9, 50))
    recording.record([Result(account.pk, claim[0].token, REJECTED)], now=at(10, 10, 20))
    assert Schedule.objects.get(account=account).next_slot == at(11, 5)
    assert_tiled(account)


def test_a_fresh_poll_brings_the_pace_back(slow: Account) -> None:
    seen(slow, at(11, 5, 2), BTC=coins(2))
    assert pace(slow) == (INTERVAL, None)
    seen(slow, at(11, 10), BTC=coins(2))
    assert words(slow) == [("fresh", "", 1), ("failed", "key_rejected", 1), ("fresh", "", 2)]
    assert_tiled(slow)


def test_a_fresh_refresh_brings_the_pace_back_and_the_next_slot_is_due(
    slow: Account, clock: StoppedClock
) -> None:
    clock.now = at(10, 20)
    refreshed(slow, answer(BTC=coins(2)))
    assert pace(slow) == (INTERVAL, None)
    assert_tiled(slow)
    seen(slow, at(10, 20), BTC=coins(2))
    assert timeline(slow)[1:] == [
        Stretch(at(10, 5), at(10, 20), "failed", "key_rejected", 1),
        Stretch(at(10, 20), at(10, 25), "fresh", "", 1),
    ]


def test_a_failed_refresh_changes_no_pace(slow: Account, account: Account) -> None:
    refreshed(slow, REJECTED)
    assert pace(slow) == (HOUR, INTERVAL)
    other = keyless("Other", at(10))
    refreshed(other, REJECTED)
    assert pace(other) == (INTERVAL, None)
    assert_tiled(account)


def test_another_interval_does_not_hurry_a_rejected_key(slow: Account) -> None:
    pausing.change_interval(slow, 60)
    assert pace(slow) == (HOUR, 60)
    seen(slow, at(11, 5), BTC=coins(2))
    assert pace(slow) == (60, None)
    assert_tiled(slow)


def test_a_longer_interval_than_hourly_holds_at_once(slow: Account) -> None:
    pausing.change_interval(slow, 7_200)
    assert pace(slow) == (7_200, None)
    failed(slow, at(10, 7), REJECTED)
    assert pace(slow) == (7_200, None)
    assert_tiled(slow)


def test_figures_of_a_slow_account_are_fresh_no_longer_than_usual(slow: Account) -> None:
    def looks_fresh(minute: int) -> tuple[bool, str]:
        now = at(10, minute)
        (position,) = positions.positions([slow.pk], now)
        (member,) = bare_members(User(pk=0), Account.objects.filter(pk=slow.pk))
        return member.is_fresh(now), position.coverage(now)

    assert looks_fresh(10) == (True, "fresh")
    assert looks_fresh(11) == (False, "carried")


def test_figures_that_a_refresh_saw_are_fresh_no_longer_than_usual(
    account: Account, clock: StoppedClock
) -> None:
    clock.now = at(9, 59)
    refreshed(account, answer(BTC=coins(1)))
    failed(account, at(10), REJECTED)
    (position,) = positions.positions([account.pk], at(10, 30))
    assert position.coverage(at(10, 30)) == "carried"


def test_one_request_an_hour_reaches_qredo_and_a_skewed_clock_is_named_not_slowed(
    simulator: Simulator, custody: Account, trading: Account
) -> None:
    for account in (custody, trading):
        props.scheduled(account, at(10), 300)
    simulator.fails("Custody", "401")
    before = simulator.requests_of("Custody")
    minutes = [at(10) + timedelta(minutes=n) for n in range(0, 125, 5)]
    asked = [record for now in minutes for record in props.polled([custody], now)]
    assert {record.reason for record in asked} == {"key_rejected"}
    assert simulator.requests_of("Custody") - before == len(asked) == 3
    assert_tiled(custody)

    ahead = claims.claim_due(limit=1, now=at(10), only=[trading.pk])
    nanoseconds = int((at(10).timestamp() + 40 * 365 * 86_400) * 1e9)
    (record,) = poll.poll(ahead, now=at(10), clock_ns=lambda: nanoseconds)
    assert record.reason == "clock"
    assert pace(trading) == (INTERVAL, None)
    assert ApiKey.objects.get(account=trading).replaced_at is None
