"""The small drawing of a course: where its line goes, and what it says in words."""

from datetime import timedelta

from balances.core.amounts import Level
from balances.pages.charts.sparkline import sparkline
from balances.series.points import Point
from tests.support.history import at


def points(*totals: int | None, carried: tuple[int, ...] = (), scale: int = 100) -> list[Point]:
    """Return a point an hour; those in `carried` have one account of two fresh."""
    return [
        Point(at(10) + timedelta(hours=index), None, 0, 0, 0)
        if total is None
        else Point(
            at(10) + timedelta(hours=index),
            Level(total, total, 0, 0, scale),
            1 if index in carried else 2,
            2,
            0,
        )
        for index, total in enumerate(totals)
    ]


def test_low_is_below_and_high_is_above() -> None:
    drawn = sparkline(points(100, 300, 200), "BTC")
    assert drawn is not None
    assert (drawn.observed, drawn.carried) == ("M2 22L44 2L86 12", "")
    words = "30 days, from 1.00 to 2.00 BTC, at the ends of UTC days lowest 1.00, highest 3.00"
    assert drawn.words == words


def test_what_is_unknown_is_a_gap_and_not_zero() -> None:
    drawn = sparkline(points(100, None, 300, 100), "BTC")
    assert drawn is not None
    assert drawn.observed == "M2 22h.1M58 2L86 22"
    assert drawn.words.endswith("highest 3.00, in part unknown")
    assert sparkline(points(None, None), "BTC") is None


def test_what_was_carried_is_another_line() -> None:
    drawn = sparkline(points(100, 300, 300, 100, carried=(2,)), "BTC")
    assert drawn is not None
    assert (drawn.observed, drawn.carried) == ("M2 22L30 2M58 2L86 22", "M30 2L58 2")
    assert drawn.words.endswith("dotted where not every account was fresh")


def test_a_level_that_never_moves_lies_in_the_middle() -> None:
    drawn = sparkline(points(0, 0), "BTC")
    assert drawn is not None
    assert drawn.observed == "M2 12L86 12"


def test_scales_meet_and_wei_stay_exact() -> None:
    wei = 2_000 * 10**18 + 1
    finer = Point(at(12), Level(wei, wei, 0, 0, 10**18), 1, 1, 0)
    drawn = sparkline([*points(200_000), finer], "ETH")
    assert drawn is not None
    assert drawn.observed == "M2 12L86 12"  # a wei is no swing
    assert "highest 2,000.000000000000000001" in drawn.words


def test_dust_is_no_swing() -> None:
    ether = 32 * 10**18
    drawn = sparkline(points(ether, ether + 10_000, ether, scale=10**18), "ETH")
    assert drawn is not None
    assert drawn.observed == "M2 12L44 12L86 12"
    assert "highest 32.000000000000010000" in drawn.words
