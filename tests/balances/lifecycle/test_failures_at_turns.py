"""What failed before a transfer is the old owner's: the new one sees how polls went since."""

from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Account
from balances.lifecycle import ownership
from balances.models import Schedule
from balances.polling.pacing.key_backoff import HOUR_SECONDS
from balances.polling.results import Failure
from tests.conftest import Cast
from tests.support.history import (
    INTERVAL,
    StoppedClock,
    assert_tiled,
    at,
    coins,
    failed,
    keyless,
    seen,
)
from tests.support.markup import read

REJECTED = Failure("key_rejected", "The old owner's secret detail.")
DOWN = Failure("upstream_error", "The old owner's secret detail.")


@pytest.fixture
def account(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """The fund's account, seen at 10:00."""
    account = keyless("Custody", at(10))
    seen(account, at(10), BTC=coins(100))
    return account


def page(browser_of: Any, reader: Any, account: Account) -> str:
    answer = browser_of(reader).get(reverse("account", args=[account.uid]))
    assert answer.status_code == 200
    return read(answer).text


@pytest.mark.parametrize("failure", [REJECTED, DOWN])
def test_the_new_owner_sees_no_failure_of_before(
    account: Account, cast: Cast, clock: StoppedClock, browser_of: Any, failure: Failure
) -> None:
    failed(account, at(10, 5), failure)
    assert failure.detail in page(browser_of, cast.viewer, account)
    clock.now = at(10, 6)
    ownership.transfer(account, cast.other, by=cast.admin)
    told = page(browser_of, cast.stranger, account)
    assert failure.detail not in told
    assert "Failed" not in told
    assert "until its key is accepted" not in told
    assert_tiled(account)


def test_a_key_that_was_rejected_is_tried_at_once_for_the_new_owner(
    account: Account, cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    failed(account, at(10, 5), REJECTED)
    assert Schedule.objects.get().interval_seconds == HOUR_SECONDS
    clock.now = at(10, 6)
    ownership.transfer(account, cast.other, by=cast.admin)
    assert Schedule.objects.get().interval_seconds == INTERVAL
    failed(account, at(10, 6), REJECTED)
    told = page(browser_of, cast.stranger, account)
    assert "Key rejected" in told
    assert "until its key is accepted" in told


@pytest.mark.parametrize(
    ("since", "is_told", "failing_since"),
    [(at(10, 4), True, at(10, 5)), (at(10, 7), True, at(10, 7)), (at(10, 12), False, None)],
)
def test_a_transfer_in_the_past_leaves_the_failures_after_it(
    account: Account,
    cast: Cast,
    clock: StoppedClock,
    browser_of: Any,
    *,
    since: datetime,
    failing_since: datetime | None,
    is_told: bool,
) -> None:
    failed(account, at(10, 5), DOWN)
    failed(account, at(10, 10), DOWN)
    clock.now = at(10, 14)
    ownership.transfer(account, cast.other, by=cast.admin, at=since)
    assert (DOWN.detail in page(browser_of, cast.stranger, account)) == is_told
    assert Schedule.objects.get().failing_since == failing_since


def test_who_only_decides_about_counting_goes_on_seeing_the_failure(
    account: Account, cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    failed(account, at(10, 5), DOWN)
    clock.now = at(10, 6)
    ownership.count(account, counted=False, by=cast.admin)
    assert DOWN.detail in page(browser_of, cast.viewer, account)
