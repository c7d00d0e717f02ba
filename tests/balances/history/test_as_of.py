"""Balances as of any instant: values, when they were certainly seen, and how far to trust them."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Account
from balances.history import positions
from balances.history.positions import Position
from balances.lifecycle import pausing
from balances.polling import refreshes
from balances.polling.results import Failure
from balances.series import points
from tests.support.history import (
    StoppedClock,
    answer,
    at,
    claimed,
    coins,
    delivered,
    failed,
    keyless,
    seen,
)

TICK = timedelta(microseconds=1)
UNREADABLE = Failure("not_understood", "It said something else.", permanent=True)
KEY_REJECTED = Failure("key_rejected", "The key was rejected.", permanent=True)


@pytest.fixture
def account(db: None) -> Account:  # noqa: ARG001
    return keyless("Custody", at(10))


def position(account: Account, instant: datetime) -> Position:
    (found,) = positions.positions([account.pk], instant)
    return found


def totals(account: Account, instant: datetime) -> dict[str, int]:
    return {s.asset: s.level.total for s in position(account, instant).standings}


def observed(account: Account, instant: datetime) -> datetime:
    sight = position(account, instant).sight
    assert sight is not None
    return sight.observed_at


def test_before_the_first_snapshot_everything_is_unknown_not_zero(account: Account) -> None:
    failed(account, at(10))
    seen(account, at(10, 5), BTC=coins(1))
    before = position(account, at(10, 5) - TICK)
    assert (before.sight, before.standings) == (None, ())
    assert before.coverage(at(10, 4)) == "unknown"


def test_a_value_holds_from_its_very_instant_until_the_next(account: Account) -> None:
    seen(account, at(10), BTC=coins(1), ETH=coins(7))
    seen(account, at(10, 5), BTC=coins(2), ETH=coins(7))
    seen(account, at(10, 10), BTC=coins(2))
    assert totals(account, at(10)) == {"BTC": 1, "ETH": 7}
    assert totals(account, at(10, 5) - TICK) == {"BTC": 1, "ETH": 7}
    assert totals(account, at(10, 5)) == {"BTC": 2, "ETH": 7}
    assert totals(account, at(10, 10)) == {"BTC": 2, "ETH": 0}
    assert totals(account, at(23, day=20)) == {"BTC": 2, "ETH": 0}
    (btc, eth) = position(account, at(11)).standings
    assert (btc.flags, btc.valid_from) == ((), at(10, 5))
    assert (eth.flags, eth.valid_from) == (("vanished",), at(10, 10))


def test_all_four_amounts_and_the_scale_are_those_of_the_time(account: Account) -> None:
    seen(account, at(10), BTC=(2**256, 2**255, 3, 4, 10**8))
    seen(account, at(10, 5), BTC=(5, 6, 7, 8, 10))
    level = position(account, at(10, 1)).standings[0].level
    assert (level.total, level.available, level.pending_in, level.pending_out, level.scale) == (
        2**256,
        2**255,
        3,
        4,
        10**8,
    )
    assert position(account, at(10, 1)).standings[0].flags == ("identity",)


def test_what_was_seen_is_exact_at_both_ends_of_a_run(account: Account) -> None:
    for minute in (0, 5, 10):
        slot = at(10, minute)
        delivered(claimed(account, slot), answer(BTC=coins(1)), slot + timedelta(seconds=3))
    assert observed(account, at(10, 0, 3)) == at(10, 0, 3)
    assert observed(account, at(10, 10, 3)) == at(10, 10, 3)
    assert observed(account, at(12)) == at(10, 10, 3)
    failed(account, at(10, 15))
    assert observed(account, at(12)) == at(10, 10, 3)


def test_within_a_run_nothing_looks_newer_than_it_is(account: Account) -> None:
    for minute, late in ((0, 3), (5, 1), (10, 8), (15, 2), (20, 2)):
        slot = at(10, minute)
        delivered(claimed(account, slot), answer(BTC=coins(1)), slot + timedelta(seconds=late))
    # Of the middle only the longest lateness, eight seconds, is known.
    assert observed(account, at(10, 5, 7)) == at(10, 0, 3)
    assert observed(account, at(10, 5, 8)) == at(10, 5)
    assert observed(account, at(10, 15, 7)) == at(10, 10)
    assert observed(account, at(10, 15, 8)) == at(10, 15)
    assert observed(account, at(10, 20, 2)) == at(10, 20, 2)


def test_a_change_within_a_run_is_seen_exactly(account: Account) -> None:
    for minute, total in ((0, 1), (5, 2), (10, 2), (15, 2)):
        slot = at(10, minute)
        delivered(claimed(account, slot), answer(BTC=coins(total)), slot + timedelta(seconds=5))
    assert observed(account, at(10, 6)) == at(10, 5, 5)
    assert observed(account, at(10, 11)) == at(10, 10)


def test_a_refresh_is_seen_exactly(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(account, at(10), BTC=coins(1))
    clock = StoppedClock(monkeypatch, at(10, 2))
    refreshes.record_answer(refreshes.ask(account, by=None), answer(BTC=coins(1)))
    seen(account, at(10, 5), BTC=coins(1))
    assert observed(account, clock.now - TICK) == at(10)
    assert observed(account, clock.now) == clock.now
    assert observed(account, at(10, 5)) == at(10, 5)


def test_fresh_until_two_intervals_later_then_carried(account: Account) -> None:
    seen(account, at(10), BTC=coins(1))
    failed(account, at(10, 5))
    for instant, coverage in (
        (at(10), "fresh"),
        (at(10, 10), "fresh"),
        (at(10, 10) + TICK, "carried"),
        (at(9, day=20), "carried"),
    ):
        assert position(account, instant).coverage(instant) == coverage
    assert totals(account, at(9, day=20)) == {"BTC": 1}


def test_freshness_goes_by_the_interval_of_the_time(db: None) -> None:  # noqa: ARG001
    slow = keyless("Slow", at(10), interval=3600)
    seen(slow, at(10), BTC=coins(1))
    assert position(slow, at(12)).coverage(at(12)) == "fresh"
    assert position(slow, at(12, 1)).coverage(at(12, 1)) == "carried"


def test_another_interval_today_does_not_make_the_past_fresher(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = StoppedClock(monkeypatch, at(9, 58))
    refreshes.record_answer(refreshes.ask(account, by=None), answer(BTC=coins(1)))
    for minute in (0, 5, 10, 15):
        failed(account, at(10, minute), KEY_REJECTED if minute == 15 else UNREADABLE)
    before = [_coverages(account, at(10, minute)) for minute in (8, 9, 30)]
    assert before == [("fresh", "observed"), ("carried", "carried"), ("carried", "carried")]
    clock.now = at(12)
    pausing.change_interval(account, 86_400)
    assert [_coverages(account, at(10, minute)) for minute in (8, 9, 30)] == before


def _coverages(account: Account, instant: datetime) -> tuple[str, str]:
    """Return what `balance_at` and what `history` say of an instant."""
    (point,) = points.series([account.pk], "BTC", [instant])
    return position(account, instant).coverage(instant), point.seen


def test_positions_come_in_the_order_asked_for_each_with_its_own(account: Account) -> None:
    other, never = keyless("Other", at(10)), keyless("Never", at(10))
    seen(account, at(10), BTC=coins(1))
    seen(other, at(10), BTC=coins(2))
    found = positions.positions([never.pk, other.pk, account.pk], at(11))
    assert [p.account_id for p in found] == [never.pk, other.pk, account.pk]
    assert [[s.level.total for s in p.standings] for p in found] == [[], [2], [1]]
