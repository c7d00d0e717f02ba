"""Accounts as they were: whose, what they held, how their polls went, and what they are called."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import labels
from accounts.models import Account, User
from balances.lifecycle import ownership, pausing
from balances.models import Schedule
from balances.pages.components.context import State
from balances.pages.components.status_text import state_of
from balances.polling import refreshes
from balances.polling.results import Failure
from balances.portfolio import members
from balances.portfolio.filters import Narrowing
from balances.portfolio.members import Member
from balances.portfolio.scope import Scope
from tests.conftest import Cast
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
REJECTED = Failure("key_rejected", "", permanent=True)


@pytest.fixture
def account(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    return keyless("Vault", at(10))


def then(user: User, instant: datetime, **narrowing: str) -> list[Member]:
    return members.members_at(Scope(user, Narrowing(**narrowing)), instant)


def state(user: User, instant: datetime) -> State:
    (member,) = then(user, instant)
    return state_of(member.stand, instant)


def test_before_it_was_seen_an_account_waits_and_holds_nothing_that_is_known(
    account: Account, cast: Cast
) -> None:
    seen(account, at(10, 5), BTC=coins(1))
    (member,) = then(cast.viewer, at(10, 5) - TICK)
    assert (member.is_known, member.holdings) == (False, ())
    assert state(cast.viewer, at(10, 5) - TICK).slug == "waiting"
    assert state(cast.viewer, at(10, 5)).slug == "fresh"


def test_it_failed_from_its_first_failed_slot_to_the_next_answer(
    account: Account, cast: Cast
) -> None:
    seen(account, at(10), BTC=coins(1))
    failed(account, at(10, 5))
    failed(account, at(10, 10), Failure("tls", ""))
    assert state(cast.viewer, at(10, 5) - TICK).slug == "fresh"
    for instant, reason in ((at(10, 5), "Qredo did not answer"), (at(11), "certificate")):
        told = state(cast.viewer, instant)
        assert (told.slug, told.when) == ("failed", "since 10:05 UTC")
        assert reason in told.reason
        assert told.remedy == ""
    seen(account, at(10, 15), BTC=coins(1))
    assert state(cast.viewer, at(10, 15) - TICK).slug == "failed"
    assert state(cast.viewer, at(10, 15)).slug == "fresh"


def test_a_run_of_failures_that_a_refresh_interrupts_begins_anew(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(account, at(10), BTC=coins(1))
    failed(account, at(10, 5))
    clock.now = at(10, 7)
    refreshes.record_answer(refreshes.ask(account, by=None), answer(BTC=coins(1)))
    failed(account, at(10, 10))
    assert state(cast.viewer, at(10, 6)).when == "since 10:05 UTC"
    assert state(cast.viewer, at(10, 8)).slug == "fresh"
    assert state(cast.viewer, at(10, 11)).when == "since 10:10 UTC"


def test_what_nobody_polled_is_stale_with_what_is_known_of_it_now(
    account: Account, cast: Cast
) -> None:
    seen(account, at(10), BTC=coins(1))
    seen(account, at(11), BTC=coins(1))
    told = state(cast.viewer, at(10, 30))
    assert (told.slug, told.when, told.reason) == ("stale", "30 min before", "No poll ran")
    assert told.since is not None
    assert told.since.is_still


HALTS: dict[str, tuple[Any, Any]] = {
    "paused": (pausing.pause, pausing.resume),
    "archived": (pausing.archive, pausing.restore),
    "keyless": (pausing.key_revoked, lambda account, by: pausing.key_replaced(account)),  # noqa: ARG005
}


@pytest.mark.parametrize("slug", HALTS)
def test_who_stood_still_did_so_from_then_to_then(
    account: Account, cast: Cast, clock: StoppedClock, slug: str
) -> None:
    seen(account, at(10), BTC=coins(1))
    halt, lift = HALTS[slug]
    clock.now = at(10, 2)
    halt(account, by=None)
    clock.now = at(10, 30)
    lift(account, by=None)
    assert state(cast.viewer, at(10, 2) - TICK).slug == "fresh"
    for instant in (at(10, 2), at(10, 29)):
        told = state(cast.viewer, instant)
        assert (told.slug, told.when) == (slug, "since 10:02 UTC")
    assert state(cast.viewer, at(10, 30)).slug == "stale"


def test_without_a_key_the_archived_are_archived_all_the_same(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(account, at(10), BTC=coins(1))
    clock.now = at(10, 2)
    pausing.archive(account, by=None)
    clock.now = at(10, 4)
    pausing.key_revoked(account, by=None)
    told = state(cast.viewer, at(10, 5))
    assert (told.slug, told.when) == ("archived", "since 10:02 UTC")
    (member,) = then(cast.viewer, at(10, 5))
    assert member.is_archived


def test_an_account_is_its_owners_of_the_time_and_counted_as_it_was(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(account, at(10), BTC=coins(1))
    clock.now = at(10, 2)
    ownership.count(account, counted=False, by=None)
    clock.now = at(10, 4)
    ownership.transfer(account, cast.owner, by=None)
    for instant, who, owner, is_counted in (
        (at(10, 1), cast.viewer, cast.fund, True),
        (at(10, 3), cast.viewer, cast.fund, False),
        (at(10, 4), cast.owner, cast.owner, False),
    ):
        (member,) = then(who, instant)
        assert (member.owner, member.is_counted) == (owner, is_counted)
    assert then(cast.viewer, at(10, 4)) == then(cast.owner, at(10, 4) - TICK) == []
    assert then(cast.stranger, at(10, 1)) == []


def test_who_gave_an_account_away_learns_nothing_of_what_it_is_called_since(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(account, at(10), BTC=coins(1))
    labels.relabel(account, "Our treasure", ["cold"], by=cast.admin)
    clock.now = at(10, 4)
    ownership.transfer(account, cast.owner, by=cast.admin)
    labels.relabel(account, "Secret plan", ["plot"], by=cast.owner)
    (past,) = then(cast.viewer, at(10, 1))
    assert (past.account.label, past.is_seen_today) == ("Our treasure", False)
    assert (
        then(cast.viewer, at(10, 1), tag="plot") == then(cast.viewer, at(10, 1), tag="cold") == []
    )
    (now,) = then(cast.owner, at(10, 4))
    assert (now.account.label, now.is_seen_today) == ("Secret plan", True)
    account.refresh_from_db()
    assert account.label == "Secret plan"


def test_an_account_that_left_without_a_word_has_no_label(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(10, 4)
    ownership.turn(account, ownership.Turn(owner=cast.owner), by=None)
    (past,) = then(cast.viewer, at(10, 1))
    assert past.account.label == f"Account {str(account.uid)[:8]}"


def test_with_an_asset_nothing_else_is_loaded(account: Account, cast: Cast) -> None:
    seen(account, at(10), BTC=coins(1), ETH=coins(2))
    (member,) = members.members_at(Scope(cast.viewer), at(11), "ETH")
    assert [held.asset for held in member.holdings] == ["ETH"]


def test_a_rejected_key_slows_the_grid_and_not_the_measure(account: Account, cast: Cast) -> None:
    seen(account, at(10), BTC=coins(1))
    delivered(claimed(account, at(10, 5)), REJECTED, at(10, 5))
    assert Schedule.objects.get(account=account).interval_seconds == 3600
    told = state(cast.viewer, at(10, 20))
    assert (told.slug, told.when, told.reason) == ("failed", "since 10:05 UTC", "Key rejected")
    (member,) = then(cast.viewer, at(10, 20))
    assert not member.is_fresh(at(10, 20))


def test_names_of_what_was_given_away_cost_the_same_however_many(
    cast: Cast, clock: StoppedClock
) -> None:
    def queries(count: int) -> int:
        with CaptureQueriesContext(connection) as caught:
            found = Scope(cast.owner).labels(ids[:count])
        assert sorted(found.values()) == [f"Own {n}" for n in range(count)]
        return len(caught)

    ids = []
    for number in range(5):
        one = keyless(f"Own {number}", at(10))
        ids.append(one.pk)
        for owner in (cast.owner, cast.other):
            clock.now += timedelta(seconds=1)
            ownership.transfer(one, owner, by=None)
    assert queries(1) == queries(5)
