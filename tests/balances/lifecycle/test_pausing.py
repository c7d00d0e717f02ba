"""Pausing, archiving, resuming, another interval: runs and pauses tile an account's time."""

from datetime import timedelta
from itertools import count

import pytest

from accounts.models import Account, User
from balances.history import positions
from balances.ledger import partitions, schedules
from balances.lifecycle import pausing
from balances.models import Pause, Schedule
from balances.polling import claims
from balances.polling import schedules as polling_schedules
from tests.support import props
from tests.support.history import (
    StoppedClock,
    Stretch,
    answer,
    assert_tiled,
    at,
    claimed,
    coins,
    delivered,
    keyless,
    seen,
    timeline,
    words,
)


@pytest.fixture
def account(db: None, clock: StoppedClock) -> Account:  # noqa: ARG001
    return keyless("Custody", at(10))


def test_a_pause_cuts_the_run_and_says_who_and_since_when(
    account: Account, clock: StoppedClock
) -> None:
    operator: User = props.person("operator")
    seen(account, at(10), BTC=coins(1))
    clock.now = at(10, 3)
    assert pausing.pause(account, by=operator)
    assert timeline(account) == [
        Stretch(at(10), at(10, 3), "fresh", "", 1),
        Stretch(at(10, 3), None, "paused"),
    ]
    assert Pause.objects.get().by == operator
    account.refresh_from_db()
    assert (account.paused_at, account.is_polled) == (at(10, 3), False)
    assert not pausing.pause(account, by=operator)
    assert claims.claim_due(limit=1, now=at(12)) == []


def test_no_hole_is_left_by_a_clock_that_moves_on_meanwhile(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = count()
    seen(account, at(10), BTC=coins(1))
    monkeypatch.setattr(
        schedules, "clock", lambda: at(10, 3) + timedelta(milliseconds=next(readings))
    )
    for act in (pausing.pause, pausing.archive, pausing.restore, pausing.archive):
        assert act(account, by=None)
    assert [s.kind for s in timeline(account)] == [
        "fresh",
        "paused",
        "archived",
        "missed",
        "archived",
    ]
    assert_tiled(account)


def test_slots_that_were_due_at_the_pause_are_accounted_for(
    account: Account, clock: StoppedClock
) -> None:
    clock.now = at(10, 11)
    pausing.pause(account, by=None)
    assert timeline(account) == [
        Stretch(at(10), at(10, 11), "missed", "paused", 3),
        Stretch(at(10, 11), None, "paused"),
    ]


def test_a_pause_at_the_very_instant_of_a_slot_tiles(account: Account, clock: StoppedClock) -> None:
    seen(account, at(10))
    clock.now = at(10, 5)
    pausing.pause(account, by=None)
    assert words(account) == [("fresh", "", 1), ("missed", "paused", 1), ("paused", "", 0)]
    assert_tiled(account)


def test_an_answer_under_way_is_discarded(account: Account, clock: StoppedClock) -> None:
    claim = claimed(account, at(10))
    clock.now = at(10, 0, 2)
    pausing.pause(account, by=None)
    assert delivered(claim, answer(BTC=coins(1)), at(10, 0, 3)) == []
    assert words(account) == [("missed", "paused", 1), ("paused", "", 0)]
    assert positions.positions([account.pk], at(11))[0].coverage(at(11)) == "unknown"
    assert_tiled(account)


def test_a_resumed_account_is_polled_at_once(account: Account, clock: StoppedClock) -> None:
    seen(account, at(10))
    clock.now = at(10, 1)
    pausing.pause(account, by=None)
    clock.now = at(13, 0, 7)
    assert pausing.resume(account, by=None)
    assert not pausing.resume(account, by=None)
    account.refresh_from_db()
    assert account.is_polled
    seen(account, at(13, 0, 8))
    assert words(account) == [("fresh", "", 1), ("paused", "", 0), ("fresh", "", 1)]
    assert timeline(account)[-1].first == at(13, 0, 7)
    assert_tiled(account)


def test_a_paused_account_shows_its_balance_as_carried(
    account: Account, clock: StoppedClock
) -> None:
    seen(account, at(10), BTC=coins(1))
    clock.now = at(10, 1)
    pausing.pause(account, by=None)
    (position,) = positions.positions([account.pk], at(12))
    assert position.coverage(at(10, 10)) == "fresh"
    assert position.coverage(at(12)) == "carried"
    assert [s.level.total for s in position.standings] == [1]


def test_archiving_a_paused_account_ends_its_pause(account: Account, clock: StoppedClock) -> None:
    pausing.pause(account, by=None)
    clock.now = at(11)
    assert pausing.archive(account, by=None)
    assert not pausing.archive(account, by=None)
    assert not pausing.pause(account, by=None)
    assert words(account) == [("missed", "paused", 1), ("paused", "", 0), ("archived", "", 0)]
    assert_tiled(account)
    clock.now = at(12)
    assert pausing.restore(account, by=None)
    account.refresh_from_db()
    assert (account.paused_at, account.archived_at) == (None, None)
    seen(account, at(12))
    assert_tiled(account)


def test_resuming_and_restoring_each_end_their_own_kind_of_pause(
    account: Account, clock: StoppedClock
) -> None:
    assert not pausing.resume(account, by=None)
    assert not pausing.restore(account, by=None)
    pausing.pause(account, by=None)
    assert not pausing.restore(account, by=None)
    clock.now = at(11)
    pausing.archive(account, by=None)
    assert not pausing.resume(account, by=None)
    account.refresh_from_db()
    assert account.archived_at == at(11)
    assert timeline(account)[-1] == Stretch(at(11), None, "archived")


def test_a_clock_that_steps_back_breaks_no_tile(account: Account, clock: StoppedClock) -> None:
    seen(account, at(10), BTC=coins(1))
    clock.now = at(9)
    pausing.pause(account, by=None)
    clock.now = at(8)
    pausing.archive(account, by=None)
    pausing.restore(account, by=None)
    seen(account, at(10, 7), BTC=coins(2))
    pausing.change_interval(account, 60)
    assert_tiled(account)


def test_another_interval_polls_at_once_and_tiles(account: Account, clock: StoppedClock) -> None:
    seen(account, at(10))
    clock.now = at(10, 12)
    pausing.change_interval(account, 60)
    assert words(account) == [("fresh", "", 1), ("missed", "unfinished", 2)]
    seen(account, at(10, 12))
    seen(account, at(10, 13))
    assert [stretch.until for stretch in timeline(account)] == [at(10, 5), at(10, 12), at(10, 14)]
    assert_tiled(account)


def test_an_answer_under_way_is_discarded_when_the_interval_changes(
    account: Account, clock: StoppedClock
) -> None:
    claim = claimed(account, at(10))
    clock.now = at(10, 1)
    pausing.change_interval(account, 60)
    assert delivered(claim, answer(), at(10, 1)) == []
    assert words(account) == [("missed", "unfinished", 1)]
    assert_tiled(account)


def test_an_interval_that_changes_again_before_any_slot_tiles(
    account: Account, clock: StoppedClock
) -> None:
    seen(account, at(10))
    for second, interval in enumerate((3600, 15, 86_400, 60)):
        clock.now = at(10, 1, second)
        pausing.change_interval(account, interval)
        assert_tiled(account)
    clock.now += timedelta(seconds=2)
    pausing.pause(account, by=None)
    clock.now += timedelta(seconds=2)
    pausing.resume(account, by=None)
    seen(account, clock.now)
    assert_tiled(account)
    assert Schedule.objects.get(account=account).interval_seconds == 60


def test_an_interval_given_while_paused_holds_from_the_next_poll_on(
    account: Account, clock: StoppedClock
) -> None:
    pausing.pause(account, by=None)
    pausing.change_interval(account, 60)
    assert Schedule.objects.get(account=account).interval_seconds == 60
    clock.now += timedelta(seconds=2)
    pausing.resume(account, by=None)
    seen(account, clock.now)
    assert_tiled(account)


def test_months_ahead_step_over_no_month(clock: StoppedClock) -> None:
    clock.now = at(10).replace(year=2027, month=1, day=31)
    assert {instant.month for instant in partitions.months_ahead()} >= {1, 2, 3}


def test_a_new_schedule_starts_within_one_interval(account: Account, clock: StoppedClock) -> None:
    Schedule.objects.all().delete()
    polling_schedules.add_missing(now=clock.now)
    polling_schedules.add_missing(now=at(23))
    schedule = Schedule.objects.get(account=account)
    assert schedule.next_slot is not None
    assert clock.now < schedule.next_slot <= clock.now + timedelta(seconds=300)
