"""A personal account read by somebody else: exactly as long as its owner wants, and no more."""

from typing import Any

import pytest
from django.urls import reverse

from accounts import sharing
from accounts.access import spans_of, visible_at, visible_to
from accounts.models import Account, Share
from balances import ledger, ownership, refreshing
from tests import props
from tests.conftest import Cast, Simulator
from tests.history import coins
from tests.markup import read


@pytest.fixture
def pocket(cast: Cast, simulator: Simulator) -> Account:
    """The owner's account, polled, shared with nobody."""
    simulator.holds("Own savings", BTC=coins(4_200))
    account = props.enrolled(simulator.key("Own savings"), "Pocket", cast.owner)
    refreshing.refresh_now([account])
    return account


def path(name: str, account: Account) -> str:
    return reverse(name, args=[account.uid])


def test_who_is_let_in_reads_figures_and_history(
    cast: Cast, pocket: Account, browser_of: Any
) -> None:
    reader, owner = browser_of(cast.reader), browser_of(cast.owner)
    assert reader.get(path("account", pocket)).status_code == 404
    answer = owner.post(path("account-shares", pocket), {"email": " READER@example.com "})
    assert answer.headers["Location"] == path("account-shares", pocket)
    assert "reader@example.com" in read(owner.get(path("account-shares", pocket))).text
    page = read(reader.get(path("account", pocket)))
    assert "42" in page.text
    assert not page.all("form", action=path("account-refresh", pocket))
    assert "42" in read(reader.get(reverse("overview"))).text
    # The time before the share is part of it: permissions are today's.
    assert visible_at(cast.reader, ledger.clock()).get() == pocket
    assert spans_of(cast.reader, [pocket.pk]) == spans_of(cast.owner, [pocket.pk])


def test_a_share_that_is_taken_back_ends_with_the_next_request(
    cast: Cast, pocket: Account, browser_of: Any
) -> None:
    sharing.share(pocket, cast.reader.email)
    reader = browser_of(cast.reader)
    assert reader.get(path("account", pocket)).status_code == 200
    browser_of(cast.owner).post(path("account-unshare", pocket), {"email": cast.reader.email})
    assert reader.get(path("account", pocket)).status_code == 404
    assert not spans_of(cast.reader, [pocket.pk])


def test_a_transfer_ends_every_share_and_leaves_the_past_to_the_old_owner(
    cast: Cast, pocket: Account
) -> None:
    sharing.share(pocket, cast.reader.email)
    before = ledger.clock()
    ownership.transfer(pocket, cast.fund, by=cast.owner)
    assert not visible_to(cast.reader).exists()
    assert not visible_at(cast.reader, before).exists()
    assert not visible_to(cast.owner).exists()
    assert visible_at(cast.owner, before).get() == pocket
    ((_, end),) = spans_of(cast.owner, [pocket.pk])[pocket.pk]
    assert end is not None


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("nobody@example.com", "Nobody signs in here with this address."),
        ("owner@example.com", "This account is your own already."),
        ("reader@example.com", "reader@example.com reads this account already."),
        ("no address", "Enter a valid email address."),
        ("", "This field is required."),
    ],
)
def test_whom_it_cannot_be_shared_with_is_said_at_the_field(
    cast: Cast, pocket: Account, browser_of: Any, email: str, said: str
) -> None:
    sharing.share(pocket, cast.reader.email)
    answer = browser_of(cast.owner).post(path("account-shares", pocket), {"email": email})
    assert answer.status_code == 422
    page = read(answer)
    assert page.has("ul", id="id_email_error")
    assert said in page.text
    assert page.one("input", id="id_email").attributes.get("value", "") == email
    assert Share.objects.count() == 1


def test_an_account_of_an_organization_is_shared_with_nobody(
    cast: Cast, custody: Account, browser_of: Any
) -> None:
    answer = browser_of(cast.admin).post(
        path("account-shares", custody), {"email": cast.reader.email}
    )
    assert answer.status_code == 403
    assert not Share.objects.exists()
    page = read(browser_of(cast.admin).get(path("account", custody)))
    assert not page.all("a", href=path("account-shares", custody))
