"""Amounts over time, the expected values worked out by hand, gaps included."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from accounts.models import Account
from balances.core.amounts import Level
from balances.series.points import evenly, is_never_held, series
from tests.support.history import answer_of, at, claimed, coins, delivered, failed, keyless, seen

TICK = timedelta(microseconds=1)


@pytest.fixture
def account(db: None) -> Account:  # noqa: ARG001
    return keyless("Custody", at(10))


def told(accounts: Sequence[Account], *instants: datetime) -> list[tuple[int | None, str, str]]:
    """Return total, what was seen, and how many of how many were fresh, of each point."""
    points = series([account.pk for account in accounts], "BTC", instants)
    return [
        (point.level.total if point.level else None, point.seen, f"{point.fresh}/{point.expected}")
        for point in points
    ]


def a_morning(account: Account) -> None:
    """Let it hold 1.00 from 10:00, 1.50 from 10:10, fail from 10:15 on, hold 1.20 from 10:30."""
    seen(account, at(10), BTC=coins(100))
    seen(account, at(10, 5), BTC=coins(100))
    seen(account, at(10, 10), BTC=(150, 100, 50, 0, 100))
    for minute in (15, 20, 25):
        failed(account, at(10, minute))
    seen(account, at(10, 30), BTC=(120, 150, 0, 30, 100))


def test_values_carry_and_gaps_say_so(account: Account) -> None:
    a_morning(account)
    points = {
        at(9, 59): (None, "unknown", "0/1"),
        at(10) - TICK: (None, "unknown", "0/1"),
        at(10): (100, "observed", "1/1"),
        at(10, 7): (100, "observed", "1/1"),
        at(10, 10) - TICK: (100, "observed", "1/1"),
        at(10, 10): (150, "observed", "1/1"),
        at(10, 20): (150, "observed", "1/1"),
        at(10, 20) + TICK: (150, "carried", "0/1"),
        at(10, 30) - TICK: (150, "carried", "0/1"),
        at(10, 30): (120, "observed", "1/1"),
        at(10, 40): (120, "observed", "1/1"),
        at(10, 40) + TICK: (120, "carried", "0/1"),
    }
    assert told([account], *points) == list(points.values())
    # Each alone says what it says among the others.
    for instant, point in points.items():
        assert told([account], instant) == [point]


def test_all_four_amounts_move_by_their_own_deltas(account: Account) -> None:
    a_morning(account)
    first, middle, last = series([account.pk], "BTC", [at(10, 1), at(10, 15), at(11)])
    assert first.level == Level(100, 100, 0, 0, 100)
    assert middle.level == Level(150, 100, 50, 0, 100)
    assert last.level == Level(120, 150, 0, 30, 100)


def test_deltas_after_the_last_instant_do_not_count(account: Account) -> None:
    a_morning(account)
    assert told([account], at(10, 12)) == [(150, "observed", "1/1")]
    assert [total for total, _, _ in told([account], at(10, 2), at(10, 9))] == [100, 100]


def test_several_accounts_are_summed_from_when_each_is_known(account: Account) -> None:
    a_morning(account)
    other = keyless("Trading", at(10, 12))
    seen(other, at(10, 12), BTC=coins(7))
    assert told([account, other], at(9), at(10, 10), at(10, 12), at(10, 21), at(11)) == [
        (None, "unknown", "0/2"),
        (150, "incomplete", "1/2"),
        (157, "observed", "2/2"),
        (157, "carried", "1/2"),
        (127, "carried", "0/2"),
    ]


def test_different_scales_are_summed_exactly(account: Account) -> None:
    seen(account, at(10), BTC=coins(3, 10**18))
    other = keyless("Trading", at(10))
    seen(other, at(10), BTC=coins(2, 10))
    (point,) = series([account.pk, other.pk], "BTC", [at(10)])
    assert point.level == Level(2 * 10**17 + 3, 2 * 10**17 + 3, 0, 0, 10**18)


def test_a_scale_that_changes_within_the_range_is_exact(account: Account) -> None:
    seen(account, at(10), BTC=coins(15, 10))
    seen(account, at(10, 5), BTC=coins(150, 100))
    seen(account, at(10, 10), BTC=coins(1_501, 1_000))
    seen(account, at(10, 15), BTC=coins(2, 1))
    instants = [at(10), at(10, 5), at(10, 10), at(10, 15)]
    assert [total for total, _, _ in told([account], *instants)] == [1500, 1500, 1501, 2000]


def band(account: Account, *instants: datetime) -> list[tuple[int | None, int | None]]:
    """Return the lowest and highest total of each point."""
    return [(p.low, p.high) for p in series([account.pk], "BTC", instants)]


def test_what_was_held_is_an_extreme_unless_a_change_came_at_once(account: Account) -> None:
    seen(account, at(10), BTC=coins(100))
    seen(account, at(10, 5), BTC=coins(300))
    seen(account, at(10, 10), BTC=coins(200))
    assert band(account, at(10, 4), at(10, 12)) == [(100, 100), (100, 300)]
    assert band(account, at(10, 5) - 2 * TICK, at(10, 12)) == [(100, 100), (100, 300)]
    assert band(account, at(10, 5) - TICK, at(10, 12)) == [(100, 100), (200, 300)]
    again = band(account, at(10, 5), at(10, 12), at(10, 12))
    assert again == [(300, 300), (200, 300), (200, 200)]


def test_extremes_of_several_scales_on_one_way_are_exact(account: Account) -> None:
    seen(account, at(10), BTC=coins(15, 10))
    seen(account, at(10, 5), BTC=coins(2_001, 1_000))
    seen(account, at(10, 10), BTC=coins(1, 1))
    seen(account, at(10, 15), BTC=coins(1_700, 1_000))
    assert band(account, at(10, 1), at(10, 16)) == [(1_500, 1_500), (1_000, 2_001)]
    (_, last) = series([account.pk], "BTC", [at(10, 1), at(10, 16)])
    assert last.level == Level(1_700, 1_700, 0, 0, 1_000)


def test_an_asset_that_comes_and_goes_is_zero_outside(account: Account) -> None:
    seen(account, at(10), ETH=coins(1))
    seen(account, at(10, 5), BTC=coins(5, 1000))
    seen(account, at(10, 10), ETH=coins(1))
    assert told([account], at(10, 4), at(10, 5), at(10, 10)) == [
        (0, "observed", "1/1"),
        (5, "observed", "1/1"),
        (0, "observed", "1/1"),
    ]
    (before,) = series([account.pk], "BTC", [at(10)])
    assert before.level == Level(0, 0, 0, 0, 1000)


def test_an_empty_account_holds_zero_and_is_known(account: Account) -> None:
    delivered(claimed(account, at(10)), answer_of(b'{"assets":null}'), at(10))
    assert told([account], at(10)) == [(0, "observed", "1/1")]
    assert is_never_held(account.pk, "BTC")
    seen(account, at(10, 5), BTC=coins(0))
    assert not is_never_held(account.pk, "BTC")


def test_an_account_that_nobody_saw_is_unknown_and_not_never_held(account: Account) -> None:
    assert told([account], at(10)) == [(None, "unknown", "0/1")]
    assert not is_never_held(account.pk, "BTC")


def test_the_same_instant_twice_has_the_same_value(account: Account) -> None:
    a_morning(account)
    instants = [at(10), at(10), at(10, 10), at(10, 10), at(10, 30)]
    assert [total for total, _, _ in told([account], *instants)] == [100, 100, 150, 150, 120]


def test_two_sums_of_2_to_the_256_are_exact(account: Account) -> None:
    seen(account, at(10), BTC=coins(2**256, 10**30))
    other = keyless("Trading", at(10))
    seen(other, at(10), BTC=coins(2**256, 10**30))
    seen(other, at(10, 5), BTC=coins(2**256, 1))
    now, then = told([account, other], at(10), at(10, 5))
    assert (now[0], then[0]) == (2**257, 2**256 * (10**30 + 1))


def test_a_slot_observed_very_late_leaves_a_gap(account: Account) -> None:
    seen(account, at(10), BTC=coins(1))
    late = claimed(account, at(10, 9, 59))
    delivered(late, answer_of(b'{"assets":null}'), at(10, 11, 30))
    assert [seen for _, seen, _ in told([account], at(10, 10), at(10, 11), at(10, 11, 30))] == [
        "observed",
        "carried",
        "observed",
    ]


def test_evenly_includes_both_ends() -> None:
    assert evenly(at(10), at(11), 5) == [at(10), at(10, 15), at(10, 30), at(10, 45), at(11)]
    assert evenly(at(10), at(11), 2) == [at(10), at(11)]
    assert evenly(at(10), at(11), 1) == [at(11)]
    assert evenly(at(10), at(10), 3) == [at(10)] * 3
    uneven = evenly(at(10), at(10) + timedelta(microseconds=10), 4)
    assert [(i - at(10)).microseconds for i in uneven] == [0, 3, 6, 10]
    assert len(evenly(at(10), at(11), 500)) == 500
