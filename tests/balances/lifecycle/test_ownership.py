"""Transfers, archival and counting: intervals of time that tile, and what they do to a poll."""

from datetime import datetime, timedelta

import pytest
from django.db import Error, transaction

from accounts.access.querysets import spans_of, visible_at
from accounts.models import Account, Tenure
from balances.lifecycle import ownership, pausing
from balances.lifecycle.ownership import BadTurnError
from balances.models import Change, Refresh, Schedule
from balances.polling import claims
from tests.conftest import Cast
from tests.support import props
from tests.support.evidence.sums import assert_rolled_up, assert_tenures_tile, turned
from tests.support.history import (
    StoppedClock,
    answer,
    assert_tiled,
    at,
    claimed,
    coins,
    delivered,
    keyless,
    seen,
    words,
)

TICK = timedelta(microseconds=1)


@pytest.fixture
def account(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """The fund's account, seen at 10:00 with 1.00 BTC."""
    account = keyless("Custody", at(10))
    seen(account, at(10), BTC=coins(100))
    return account


def tenures(account: Account) -> list[tuple[str, datetime, datetime | None]]:
    """Return an account's tenures in order: whose, since when, until when."""
    account.refresh_from_db()
    assert_tenures_tile(account)
    found = Tenure.objects.filter(account=account).order_by("began_at")
    return [(str(t.organization or t.owner), t.began_at, t.ended_at) for t in found]


def flags(account: Account) -> list[tuple[bool, bool]]:
    found = Tenure.objects.filter(account=account).order_by("began_at")
    return [(tenure.is_counted, tenure.is_archived) for tenure in found]


def test_a_transfer_ends_one_tenure_and_begins_the_next(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(11)
    ownership.transfer(account, cast.other, by=cast.admin)
    assert tenures(account) == [
        ("Fund", props.LONG_AGO, at(11)),
        ("Other", at(11), None),
    ]
    assert Tenure.objects.get(began_at=at(11)).by == cast.admin
    clock.now = at(12)
    ownership.transfer(account, cast.owner, by=None)
    assert tenures(account)[2] == ("owner@example.com", at(12), None)
    assert account.is_personal


def test_the_old_owner_keeps_the_past_and_the_new_one_sees_what_follows(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(11)
    ownership.transfer(account, cast.other, by=None)
    assert [a.pk for a in visible_at(cast.viewer, at(11) - TICK)] == [account.pk]
    assert not visible_at(cast.viewer, at(11))
    assert not visible_at(cast.stranger, at(11) - TICK)
    assert [a.pk for a in visible_at(cast.stranger, at(11))] == [account.pk]
    assert not visible_at(cast.superuser, at(11))
    assert spans_of(cast.viewer, [account.pk]) == {account.pk: [(props.LONG_AGO, at(11))]}
    assert spans_of(cast.stranger, [account.pk]) == {account.pk: [(at(11), None)]}
    assert spans_of(cast.superuser, [account.pk]) == {}


def test_spans_of_one_reader_are_put_together(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    for hour, owner in ((11, cast.other), (12, cast.owner), (13, cast.fund)):
        clock.now = at(hour)
        ownership.transfer(account, owner, by=None)
    clock.now = at(14)
    ownership.count(account, counted=False, by=None)
    assert spans_of(cast.viewer, [account.pk]) == {
        account.pk: [(props.LONG_AGO, at(11)), (at(13), None)]
    }
    assert spans_of(cast.owner, [account.pk]) == {account.pk: [(at(12), at(13))]}


def test_archived_and_not_counted_are_tenures_of_the_same_owner(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    for hour, act in ((11, pausing.archive), (12, pausing.restore)):
        clock.now = at(hour)
        act(account, by=cast.admin)
    clock.now = at(13)
    ownership.count(account, counted=False, by=cast.admin)
    assert [since for _, since, _ in tenures(account)] == [props.LONG_AGO, at(11), at(12), at(13)]
    assert flags(account) == [(True, False), (True, True), (True, False), (False, False)]
    assert_tiled(account)


def test_a_poll_under_way_at_a_turn_is_discarded_and_its_slot_missed(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(10, 5)
    claim = claimed(account, clock.now)
    ownership.transfer(account, cast.other, by=None)
    assert delivered(claim, answer(BTC=coins(7)), clock.now) == []
    assert words(account) == [("fresh", "", 1), ("missed", "turned", 1)]
    assert Change.objects.count() == 1
    assert_tiled(account)
    seen(account, at(10, 10), BTC=coins(8))


def test_a_refresh_under_way_at_a_turn_is_discarded_and_asked_anew(
    account: Account, cast: Cast
) -> None:
    refresh = Refresh.objects.create(account=account, asked_at=at(10))
    claim = claims.claim_refresh(account.pk, refresh.pk, hold=timedelta(seconds=60))
    assert claim is not None
    ownership.transfer(account, cast.other, by=None)
    assert delivered(claim, answer(BTC=coins(7)), at(10)) == []
    refresh.refresh_from_db()
    assert refresh.finished_at is None  # the next tick takes it up


@pytest.mark.parametrize("back_dated", [False, True])
def test_a_turn_that_changes_nothing_disturbs_no_poll(
    account: Account, cast: Cast, clock: StoppedClock, *, back_dated: bool
) -> None:
    clock.now = at(10, 5)
    claim = claimed(account, clock.now)
    turned(account, at(10, 1) if back_dated else None, owner=cast.fund, is_counted=True)
    assert len(tenures(account)) == 1
    assert len(delivered(claim, answer(BTC=coins(7)), clock.now)) == 1


def test_several_turns_at_one_instant_follow_one_another(account: Account, cast: Cast) -> None:
    ownership.transfer(account, cast.other, by=None)
    ownership.transfer(account, cast.owner, by=None)
    # The poll of 10:00 was the old owner's: the turn comes after it.
    assert [(whose, since) for whose, since, _ in tenures(account)] == [
        ("Fund", props.LONG_AGO),
        ("Other", at(10) + TICK),
        ("owner@example.com", at(10) + 2 * TICK),
    ]
    assert_rolled_up()


def test_an_observation_never_comes_before_a_turn_that_it_followed(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(11)
    ownership.transfer(account, cast.other, by=None)
    clock.now = at(10, 5)  # the clock steps back
    seen(account, clock.now, BTC=coins(7))
    assert Schedule.objects.get().observed_at == at(11)
    ownership.transfer(account, cast.owner, by=None)
    assert tenures(account)[-1] == ("owner@example.com", at(11) + TICK, None)
    assert_rolled_up()


def test_a_turn_in_the_past_holds_for_all_time_since(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(12)
    ownership.count(account, counted=False, by=None)
    clock.now = at(13)
    ownership.transfer(account, cast.other, by=cast.admin, at=at(11))
    assert tenures(account) == [
        ("Fund", props.LONG_AGO, at(11)),
        ("Other", at(11), at(12)),
        ("Other", at(12), None),
    ]
    assert flags(account) == [(True, False), (True, False), (False, False)]


def test_a_turn_in_the_past_puts_equal_neighbours_together(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(12)
    ownership.transfer(account, cast.other, by=None)
    clock.now = at(13)
    ownership.transfer(account, cast.other, by=None, at=at(11))
    assert tenures(account) == [("Fund", props.LONG_AGO, at(11)), ("Other", at(11), None)]
    ownership.transfer(account, cast.fund, by=None, at=at(11))
    assert tenures(account) == [("Fund", props.LONG_AGO, None)]
    assert_rolled_up()


def test_a_turn_in_the_past_discards_what_was_asked_before_it(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(10, 5)
    claim = claimed(account, clock.now)
    clock.now = at(10, 6)
    ownership.transfer(account, cast.other, by=None, at=at(10, 5, 30))
    assert delivered(claim, answer(BTC=coins(7)), clock.now) == []
    assert words(account)[-1] == ("missed", "turned", 1)


@pytest.mark.parametrize("when", [props.LONG_AGO, props.LONG_AGO - TICK, at(12), at(13)])
def test_a_turn_in_the_past_lies_in_the_past_of_the_account(
    account: Account, cast: Cast, clock: StoppedClock, when: datetime
) -> None:
    clock.now = at(12)
    with pytest.raises(BadTurnError, match="between the account's beginning and now"):
        ownership.transfer(account, cast.other, by=None, at=when)
    assert len(tenures(account)) == 1


@pytest.mark.parametrize("when", [None, at(11)])
def test_a_label_that_the_new_owner_has_already_is_refused_whole(
    account: Account, cast: Cast, clock: StoppedClock, when: datetime | None
) -> None:
    Account.objects.create(organization=cast.other, label="CUSTODY", environment="production")
    clock.now = at(12)
    with pytest.raises(BadTurnError, match="account with this label"):
        ownership.transfer(account, cast.other, by=None, at=when)
    assert len(tenures(account)) == 1


def test_an_account_without_a_schedule_is_refused_clearly(cast: Cast) -> None:
    account = Account.objects.create(organization=cast.fund, label="New", environment="production")
    with pytest.raises(BadTurnError, match="not polled yet"):
        ownership.transfer(account, cast.other, by=None)


def test_the_database_refuses_tenures_that_overlap_or_end_before_they_began(
    account: Account, cast: Cast
) -> None:
    Tenure.objects.filter(account=account).update(ended_at=at(11))

    def refused(rule: str, **given: object) -> None:
        wanted = {"account": account, "organization": cast.fund, **given}
        with pytest.raises(Error, match=rule), transaction.atomic():
            Tenure.objects.create(**wanted)

    refused("tenure_once", began_at=at(10), ended_at=at(11, 30))
    refused("tenure_once", began_at=at(11) - TICK)
    refused("tenure_personal_xor_organizational", began_at=at(11), owner=cast.owner)
    refused("tenure_personal_xor_organizational", began_at=at(11), organization=None)
    refused("tenure_ends_after", began_at=at(11), ended_at=at(11))
    Tenure.objects.create(account=account, organization=cast.fund, began_at=at(11))
    refused("one_open_tenure|tenure_once", began_at=at(12))
