"""Refreshes: extra polls that people ask for, beside the slots and never among them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account, User
from balances.history import freshness, observations
from balances.lifecycle import pausing
from balances.models import Refresh, Schedule, Snapshot
from balances.polling import claims, poll, refreshes
from balances.polling.recording import Recorded
from tests.conftest import Simulator
from tests.support import props
from tests.support.history import (
    StoppedClock,
    answer,
    at,
    claimed,
    coins,
    delivered,
    keyless,
    seen,
    words,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 2))


@pytest.fixture
def account(db: None, clock: StoppedClock) -> Account:  # noqa: ARG001
    return keyless("Custody", at(10))


def under_way(refresh: Refresh) -> claims.Claim:
    """Claim an account for its refresh, as the worker that got the message does."""
    hold = timedelta(seconds=60)
    claim = claims.claim_refresh(refresh.account_id, refresh.pk, hold=hold)
    assert claim is not None
    return claim


def test_a_refresh_polls_at_once_and_never_enters_the_runs(
    simulator: Simulator, custody: Account, clock: StoppedClock
) -> None:
    props.scheduled(custody, at(10, 5), 300)
    simulator.holds("Custody", BTC=coins(5))
    owner = User.objects.get(email="operator@example.com")
    (recorded,) = refreshes.refresh_now([custody], by=owner)
    assert (recorded.outcome, recorded.changed) == ("fresh", 1)
    refresh = Refresh.objects.get()
    assert (refresh.asked_by, refresh.asked_at, refresh.outcome) == (owner, at(10, 2), "fresh")
    assert refresh.finished_at == clock.now
    assert refresh.observed_at is not None
    assert refresh.observed_at <= clock.now
    assert Snapshot.objects.get().slot is None
    assert words(custody) == []
    assert Schedule.objects.get(account=custody).next_slot == at(10, 5)
    # Unchanged, it is a row of its own all the same.
    clock.now = at(10, 3)
    assert refreshes.refresh_now([custody])[0].changed == 0
    assert (Refresh.objects.count(), Snapshot.objects.count()) == (2, 1)
    assert observations.sights([custody.pk], at(10, 4))[custody.pk].observed_at > at(10, 2, 30)


def test_a_failed_refresh_says_why_and_leaves_the_runs(
    simulator: Simulator, custody: Account, clock: StoppedClock
) -> None:
    props.scheduled(custody, at(10, 5), 300)
    simulator.fails("Custody", "403")
    (recorded,) = refreshes.refresh_now([custody])
    refresh = Refresh.objects.get()
    assert refresh.outcome == recorded.outcome == "failed"
    assert refresh.reason == recorded.reason == "permission"
    assert (refresh.detail, refresh.observed_at) == (recorded.detail, None)
    assert Schedule.objects.get(account=custody).failing_since == clock.now
    assert words(custody) == []


def test_a_double_click_asks_once(account: Account) -> None:
    first, second = refreshes.ask(account, by=None), refreshes.ask(account, by=None)
    assert first == second
    delivered(under_way(first), answer(), at(10, 2))
    assert refreshes.ask(account, by=None) != first


def test_a_refresh_of_an_account_that_is_being_polled_is_skipped(account: Account) -> None:
    slot = claimed(account, at(10, 2))
    (recorded,) = refreshes.refresh_now([account])
    assert (recorded.outcome, recorded.reason) == ("skipped", "busy")
    refresh = Refresh.objects.get()
    assert (refresh.outcome, refresh.reason, refresh.finished_at) == ("skipped", "busy", at(10, 2))
    assert len(delivered(slot, answer(), at(10, 2))) == 1


def test_a_message_delivered_twice_does_not_end_a_refresh_under_way(account: Account) -> None:
    refresh = refreshes.ask(account, by=None)
    claim = under_way(refresh)
    (second,) = refreshes.carry_out([refresh.pk])
    assert second.outcome == "skipped"
    delivered(claim, answer(BTC=coins(1)), at(10, 2))
    refresh.refresh_from_db()
    assert (refresh.outcome, refresh.observed_at) == ("fresh", at(10, 2))
    assert refreshes.carry_out([refresh.pk]) == []


def test_a_refresh_counts_as_an_observation(account: Account) -> None:
    seen(account, at(10), BTC=coins(1))
    delivered(under_way(refreshes.ask(account, by=None)), answer(BTC=coins(1)), at(10, 2))
    assert observations.sights([account.pk], at(10, 1))[account.pk].observed_at == at(10)
    assert observations.sights([account.pk], at(10, 3))[account.pk].observed_at == at(10, 2)
    stretches = freshness.fresh_stretches([account.pk], at(9), at(11))
    assert stretches == {account.pk: [(at(10), at(10, 12))]}


def test_a_slot_that_falls_due_meanwhile_waits_for_the_refresh(account: Account) -> None:
    refresh = under_way(refreshes.ask(account, by=None))
    assert claims.claim_due(limit=1, now=at(10, 2)) == []
    delivered(refresh, answer(), at(10, 2))
    claimed(account, at(10, 2))
    assert Schedule.objects.get(account=account).claim_slot == at(10)


def test_the_reaper_ends_a_refresh_whose_poll_died(account: Account) -> None:
    refresh = refreshes.ask(account, by=None)
    claim = under_way(refresh)
    Schedule.objects.update(claim_until=at(10, 3))
    assert claims.reap(at(10, 4)) == 1
    refresh.refresh_from_db()
    assert (refresh.outcome, refresh.reason) == ("missed", "unfinished")
    assert delivered(claim, answer(BTC=coins(1)), at(10, 4)) == []
    assert words(account) == []


def test_the_sweep_finds_lost_messages_and_ends_what_nobody_took_up(
    account: Account, clock: StoppedClock
) -> None:
    lost = refreshes.ask(account, by=None)
    # The sweep goes by the real clock, for which March 2026 is long ago.
    Refresh.objects.update(asked_at=timezone.now())
    assert refreshes.sweep() == [lost.pk]
    under_way(lost)
    Refresh.objects.update(asked_at=clock.now)
    assert refreshes.sweep() == []
    lost.refresh_from_db()
    assert lost.finished_at is None
    Schedule.objects.update(claim_token=None, claim_until=None, claim_refresh=None)
    assert refreshes.sweep() == []
    lost.refresh_from_db()
    assert (lost.outcome, lost.reason) == ("missed", "unfinished")


def test_what_is_paused_is_not_polled_for_a_refresh_either(account: Account) -> None:
    refresh = refreshes.ask(account, by=None)
    pausing.pause(account, by=None)
    (recorded,) = refreshes.carry_out([refresh.pk])
    assert (recorded.outcome, recorded.detail) == ("skipped", refreshes.NOT_POLLED)
    account.refresh_from_db()
    assert refreshes.refresh_now([account]) == [recorded]


def test_every_account_has_its_record_though_some_are_given_back(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [account, *(keyless(f"Account {n}", at(10)) for n in range(4))]

    def only_two(chunk: list[claims.Claim]) -> list[Recorded]:
        claims.give_back(chunk[2:])
        return [r for claim in chunk[:2] for r in delivered(claim, answer(), at(10, 2))]

    monkeypatch.setattr(poll, "poll", only_two)
    records = refreshes.refresh_now(accounts)
    assert sorted(record.account_id for record in records) == [a.pk for a in accounts]
    assert {record.outcome for record in records} == {"fresh"}
