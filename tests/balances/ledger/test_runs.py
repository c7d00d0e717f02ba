"""Runs as pure functions: growth, closing, midnight, and tiling."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balances.ledger.runs import Run, booked, first_slot, newest_slot

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STEP = timedelta(seconds=300)


def fresh(slot: datetime, late: timedelta = timedelta(0)) -> Run:
    observed = slot + late
    milliseconds = late // timedelta(milliseconds=1)
    return Run("fresh", "", slot, slot, 300, 1, observed, observed, milliseconds)


def missed(first: datetime, slots: int, interval: int = 300) -> Run:
    last = first + timedelta(seconds=interval) * (slots - 1)
    return Run("missed", "unclaimed", first, last, interval, slots)


def test_a_run_grows_while_nothing_changes() -> None:
    run, closed = booked(None, fresh(NOON))
    run, more = booked(run, fresh(NOON + STEP, timedelta(seconds=2)))
    assert closed == more == []
    assert (run.first, run.last, run.slots) == (NOON, NOON + STEP, 2)
    assert run.first_observed == NOON
    assert run.last_observed == NOON + STEP + timedelta(seconds=2)
    assert run.lateness_ms == 2000
    assert run.until == NOON + 2 * STEP


@pytest.mark.parametrize(
    "other",
    [
        Run("failed", "timeout", NOON + STEP, NOON + STEP, 300, 1),
        replace(fresh(NOON + STEP), interval_seconds=60),
        fresh(NOON + 2 * STEP),
    ],
    ids=["outcome", "interval", "gap"],
)
def test_a_run_closes_when_something_changes(other: Run) -> None:
    first = fresh(NOON)
    assert booked(first, other) == (other, [(first, NOON + STEP)])


def test_a_run_closes_when_the_reason_changes() -> None:
    before = Run("failed", "timeout", NOON, NOON, 300, 1)
    after = Run("failed", "tls", NOON + STEP, NOON + STEP, 300, 1)
    assert booked(before, after) == (after, [(before, NOON + STEP)])


def test_a_poll_later_than_its_interval_is_a_run_of_its_own() -> None:
    punctual, late = fresh(NOON), fresh(NOON + STEP, timedelta(seconds=301))
    run, closed = booked(punctual, late)
    assert (run, closed) == (late, [(punctual, NOON + STEP)])
    after = fresh(NOON + 2 * STEP, timedelta(seconds=300))
    run, closed = booked(run, after)
    assert (run, closed) == (after, [(late, NOON + 2 * STEP)])


def test_midnight_cuts_a_run_between_the_last_slot_before_it_and_the_slot_at_it() -> None:
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    before = fresh(midnight - STEP)
    run, closed = booked(before, fresh(midnight))
    assert closed == [(before, midnight)]
    assert (run.first, run.slots) == (midnight, 1)


def test_a_slot_a_second_before_midnight_still_belongs_to_its_day() -> None:
    eve = datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)
    run, closed = booked(fresh(eve - STEP), fresh(eve))
    assert (run.slots, closed) == (2, [])


def test_a_missed_stretch_over_days_is_cut_at_each_midnight() -> None:
    booking = missed(datetime(2026, 3, 2, 23, 30, tzinfo=UTC), 54, interval=3600)
    run, closed = booked(None, booking)
    assert [(piece.first.day, piece.slots) for piece, _ in closed] == [(2, 1), (3, 24), (4, 24)]
    assert (run.first, run.slots) == (datetime(2026, 3, 5, 0, 30, tzinfo=UTC), 5)
    assert run.last == booking.last


def test_a_missed_slot_at_midnight_belongs_to_the_new_day() -> None:
    run, closed = booked(None, missed(datetime(2026, 3, 2, 23, 30, tzinfo=UTC), 7))
    assert [piece.slots for piece, _ in closed] == [6]
    assert (run.first, run.slots) == (datetime(2026, 3, 3, tzinfo=UTC), 1)


def test_an_interval_of_a_day_makes_one_run_a_day() -> None:
    run, closed = booked(None, missed(datetime(2026, 3, 2, 9, tzinfo=UTC), 3, interval=86_400))
    assert [piece.slots for piece, _ in closed] == [1, 1]
    assert run.first == datetime(2026, 3, 4, 9, tzinfo=UTC)


bookings = st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["a", "b"])), min_size=1)


@given(bookings, st.sampled_from([15, 300, 7000, 86_400]), st.integers(0, 86_399))
def test_runs_tile_time_without_hole_or_overlap(
    bookings: list[tuple[int, str]], interval: int, second: int
) -> None:
    start = slot = datetime(2026, 2, 27, tzinfo=UTC) + timedelta(seconds=second)
    run: Run | None = None
    pieces: list[tuple[Run, datetime]] = []
    for slots, reason in bookings:
        booking = replace(missed(slot, slots, interval), reason=reason)
        run, closed = booked(run, booking)
        pieces += closed
        slot = booking.until
    assert run is not None
    pieces.append((run, run.until))
    assert sum(piece.slots for piece, _ in pieces) == sum(slots for slots, _ in bookings)
    assert [piece.first for piece, _ in pieces] == [start, *(until for _, until in pieces[:-1])]
    assert pieces[-1][1] == slot
    for piece, until in pieces:
        assert piece.first.date() == piece.last.date()
        assert until - piece.first == piece.slots * timedelta(seconds=interval)


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (timedelta(0), (NOON, 0)),
        (STEP - timedelta(microseconds=1), (NOON, 0)),
        (STEP, (NOON + STEP, 1)),
        (timedelta(days=2, seconds=1), (NOON + timedelta(days=2), 576)),
    ],
)
def test_the_newest_slot_leaves_the_older_ones_unclaimed(
    late: timedelta, expected: tuple[datetime, int]
) -> None:
    assert newest_slot(NOON, NOON + late, 300) == expected


@given(st.integers(0, 2**32 - 1), st.sampled_from([15, 300, 86_400]), st.integers(0, 999_999))
def test_the_first_slot_comes_after_now_within_one_interval(
    phase: int, interval: int, microsecond: int
) -> None:
    now = NOON.replace(microsecond=microsecond)
    slot = first_slot(now, interval_seconds=interval, phase=phase)
    assert now < slot <= now + timedelta(seconds=interval)
    assert (int(slot.timestamp()) - phase) % interval == 0


def test_phases_spread_accounts_over_the_whole_interval() -> None:
    slots = {first_slot(NOON, interval_seconds=300, phase=phase) for phase in range(300)}
    assert len(slots) == 300
