"""An account's state when the clock is not to be trusted."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Account
from balances.history import status
from balances.pages.components import status_text
from tests.support.history import INTERVAL, at

SEEN = status.Polled(
    interval_seconds=INTERVAL,
    base_interval_seconds=None,
    next_slot=at(12, 5),
    not_before=None,
    run_outcome="fresh",
    run_reason="",
    last_attempt_at=at(12),
    last_reason="",
    last_detail="",
    failing_since=None,
    observed_at=at(12),
    seen_every=INTERVAL,
)
STAND = status.stand_of(Account(), SEEN)
REACH = timedelta(seconds=2 * INTERVAL)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize("now", [at(12) - REACH, at(12), at(12) + REACH])
def test_what_was_seen_within_two_intervals_is_fresh(now: datetime) -> None:
    assert status_text.state_of(STAND, now).slug == "fresh"


def test_what_was_seen_long_ago_is_stale() -> None:
    state = status_text.state_of(STAND, at(12) + REACH + TICK)
    assert (state.slug, state.reason) == ("stale", "No newer poll yet")


def test_after_the_clock_stepped_back_nothing_passes_for_fresh_and_the_clock_is_named() -> None:
    now = at(12) - REACH - TICK
    assert not STAND.is_fresh(now)
    state = status_text.state_of(STAND, now)
    assert (state.slug, state.reason) == ("stale", "The database server's clock is off")
    assert "ago" not in state.when
