"""`POLL_INTERVAL_SECONDS` changed: who has no interval of their own follows, time stays tiled."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as project

from accounts.models import Account
from balances import tasks
from balances.lifecycle import pausing
from balances.models import Schedule
from balances.polling import claims
from balances.polling.results import Failure
from qredo_dash.beat import Beat
from qredo_dash.celery import app
from tests.support.history import (
    StoppedClock,
    assert_tiled,
    at,
    claimed,
    coins,
    failed,
    keyless,
    seen,
)

REJECTED = Failure("key_rejected", "The host rejected the API key.")


def pace(account: Account) -> tuple[int, int | None]:
    found = Schedule.objects.get(account=account)
    return found.interval_seconds, found.base_interval_seconds


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after"), [(15, 60), (300, 15), (60, 45), (300, 86_400)])
def test_accounts_follow_the_setting_and_time_stays_tiled(
    monkeypatch: pytest.MonkeyPatch, before: int, after: int
) -> None:
    clock = StoppedClock(monkeypatch, at(10))
    accounts = [keyless(f"Account {n}", at(10, 0, n % 15), before) for n in range(20)]
    for account in accounts:
        seen(account, at(10, 0, 14), BTC=coins(1))
    clock.now = at(10, 0, 20)
    tasks.follow_interval(after)
    assert {pace(account) for account in accounts} == {(after, None)}
    starts = [Schedule.objects.get(account=account).next_slot for account in accounts]
    assert all(start and start - at(10) <= timedelta(seconds=before + 15) for start in starts)
    for account in accounts:
        assert_tiled(account)
        seen(account, max(filter(None, starts)) + timedelta(seconds=1), BTC=coins(2))
        assert_tiled(account)
    if after < before:
        assert len(set(starts)) > 5  # not all at once


@pytest.mark.django_db
def test_an_interval_of_its_own_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    StoppedClock(monkeypatch, at(10))
    own, other = keyless("Own", at(10)), keyless("Other", at(10))
    pausing.change_interval(own, 60)
    pausing.follow_interval(120)
    assert pace(own) == (60, None)
    assert pace(other) == (120, None)


@pytest.mark.django_db
def test_who_stands_still_or_is_slowed_down_follows_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StoppedClock(monkeypatch, at(10))
    paused, slowed = keyless("Paused", at(10)), keyless("Slowed", at(10))
    failed(slowed, at(10), REJECTED)
    seen(paused, at(10), BTC=coins(1))
    pausing.pause(paused, by=None)
    clock.now = at(10, 1)
    assert [pausing.follow_interval(60) for _ in range(2)] == [2, 0]
    assert pace(slowed) == (3_600, 60)
    assert pace(paused) == (60, None)
    pausing.resume(paused, by=None)
    seen(paused, at(10, 1), BTC=coins(1))
    for account in (paused, slowed):
        assert_tiled(account)


@pytest.mark.django_db
def test_who_is_under_way_follows_later_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    StoppedClock(monkeypatch, at(10))
    account = keyless("Account", at(10))
    claimed(account, at(10))
    assert pausing.follow_interval(60) == 0
    claims.give_back_all()
    with caplog.at_level("INFO"):
        assert pausing.follow_interval(60) == 1
        assert pausing.follow_interval(60) == 0
    (line,) = caplog.messages
    assert line == (
        "POLL_INTERVAL_SECONDS is 60: 1 accounts follow it, which were polled every 300 s"
    )


@pytest.mark.django_db
def test_beat_says_which_setting_it_was_started_with(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(app, "send_task", lambda *told, **_: sent.append(told))
    Beat(app=app).tick()
    assert ("balances.follow_interval", [project.POLL_INTERVAL_SECONDS]) in [t[:2] for t in sent]
