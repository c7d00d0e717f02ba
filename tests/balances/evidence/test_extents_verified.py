"""What keys were said to see is compared with the audit log, which is a chain."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db.models import F

import qredo
from accounts import enrolment
from accounts.models import Account, ApiKey, Environment, Extent, Wallets
from balances.evidence.verification.verify import verify
from balances.lifecycle import ownership
from balances.polling import schedules
from tests.conftest import Cast, Simulator
from tests.support import props

ROW, SINCE = "what a key was said to see", "since when it was said"


def candidate(simulator: Simulator, wallets: Wallets) -> enrolment.Candidate:
    key_id, secret = simulator.key("Custody")
    return enrolment.Candidate(
        key_id, qredo.decode_secret(secret), Environment.PRODUCTION, wallets=wallets
    )


@pytest.fixture
def said(cast: Cast, simulator: Simulator, as_owner: None) -> Account:  # noqa: ARG001
    """An account whose key was added with some wallets, then said to see all, then some again."""
    account = enrolment.keep(
        candidate(simulator, Wallets.SOME),
        label="Payments",
        owner=cast.fund,
        by=cast.admin,
        verified=True,
        since=props.LONG_AGO,
    )
    schedules.add_missing([account])
    for wallets in (Wallets.ALL, Wallets.SOME):
        assert enrolment.declare(account, wallets, of=key_of(account), by=cast.admin)
    return account


def key_of(account: Account) -> UUID:
    return ApiKey.objects.get(account=account, replaced_at=None).uid


def found() -> list[tuple[str, str, str]]:
    return [(one.field, one.expected, one.found) for one in verify().findings]


def test_rows_with_their_acts_are_without_fault(
    said: Account, cast: Cast, simulator: Simulator
) -> None:
    assert found() == []
    # After a transfer it stands in another log, and a new key is said to see some at once.
    ownership.transfer(said, cast.owner, by=cast.admin)
    assert enrolment.declare(said, Wallets.ALL, of=key_of(said), by=cast.owner)
    enrolment.replace_key(
        candidate(simulator, Wallets.SOME),
        said,
        instead_of=key_of(said),
        by=cast.owner,
        qredo_account="",
    )
    assert Extent.objects.count() == 5
    assert found() == []


def test_a_row_that_was_put_in_is_found(said: Account) -> None:
    key = ApiKey.objects.get(account=said)
    before = Extent.objects.order_by("pk")[1].since - timedelta(days=40)
    Extent.objects.create(account=said, key=key, since=before, wallets=Wallets.ALL)
    assert found() == [(ROW, "nothing", "all wallets")]


@pytest.mark.usefixtures("said")
def test_rows_that_were_moved_or_changed_are_found() -> None:
    first, second, third = Extent.objects.order_by("pk")
    for row in (first, second, third):
        for days in (-1, 1):
            Extent.objects.filter(pk=row.pk).update(since=F("since") + timedelta(days=days))
            assert [field for field, *_ in found()] == [SINCE], (row, days)
            Extent.objects.filter(pk=row.pk).update(since=row.since)
    Extent.objects.filter(pk=second.pk).update(wallets=Wallets.SOME)
    assert found() == [(ROW, "all wallets", "some wallets")]


@pytest.mark.usefixtures("said")
def test_a_row_that_was_taken_out_is_found() -> None:
    Extent.objects.order_by("-pk")[0].delete()
    assert found() == [(ROW, "some wallets", "nothing")]
