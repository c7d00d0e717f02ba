"""How many accounts a figure counts: the same on screen and on paper, and adding up visibly."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Environment
from tests.conftest import Cast
from tests.support.history import StoppedClock, at, coins, failed, keyless, seen
from tests.support.markup import shown

TICK = timedelta(microseconds=1)
CUT_OFF = "2026-03-02T10:01:00.000000Z"


@pytest.fixture
def three(cast: Cast, clock: StoppedClock) -> list[Account]:  # noqa: ARG001
    """BTC in all three accounts, ATOM in the first alone; a sandbox account beside them."""
    accounts = [keyless(f"Account {number}", at(10)) for number in range(3)]
    seen(accounts[0], at(10), BTC=coins(1), ATOM=coins(5))
    for account in accounts[1:]:
        seen(account, at(10), BTC=coins(1))
    rehearsal = keyless("Rehearsal", at(10))
    Account.objects.filter(pk=rehearsal.pk).update(environment=Environment.SANDBOX)
    seen(rehearsal, at(10), BTC=coins(9))
    clock.now = at(10, 1)
    return accounts


def test_screen_and_paper_say_the_same_of_an_asset(
    three: list[Account], viewer: Client, clock: StoppedClock
) -> None:
    assert three
    now = shown(viewer, "overview").text
    clock.now = at(10, 4)
    for text in (
        now,
        shown(viewer, "overview", at=CUT_OFF).text,
        shown(viewer, "history", at=CUT_OFF).text,
    ):
        assert "3 of 3 fresh 1 holds it" in text
        assert "3 of 3 fresh 3 hold it" in text
    paper = shown(viewer, "statement", at=CUT_OFF).text
    assert "3 of 3 fresh · 1 holds it" in paper
    assert "3 of 3 fresh · 3 hold it" in paper
    assert "3 of 3 fresh · 1 holds it" in shown(viewer, "asset", asset="ATOM").text


def test_whether_the_holders_are_fresh_is_told_where_not_everybody_is(
    three: list[Account], viewer: Client, clock: StoppedClock
) -> None:
    clock.now = at(10, 11)
    seen(three[0], clock.now, BTC=coins(1), ATOM=coins(5))
    page = shown(viewer, "overview").text
    assert "1 of 3 fresh 1 holds it, fresh" in page
    assert "1 of 3 fresh 3 hold it, 1 fresh" in page
    at_last = shown(viewer, "statement", at="2026-03-02T10:11:00.000000Z").text
    assert "1 of 3 fresh · 1 holds it, fresh" in at_last
    assert "1 of 3 fresh · 3 hold it, 1 fresh" in at_last
    clock.now = at(10, 22)
    stale = shown(viewer, "overview").text
    assert "0 of 3 fresh 1 holds it, not fresh" in stale
    assert "0 of 3 fresh 3 hold it, none fresh" in stale


def test_what_was_held_once_is_held_by_none(
    three: list[Account], viewer: Client, clock: StoppedClock
) -> None:
    clock.now = at(10, 5)
    for account in three:
        seen(account, clock.now, BTC=coins(1))
    assert "3 of 3 fresh none holds it" in shown(viewer, "overview").text


def test_the_sandbox_account_that_no_total_counts_is_named_beside_the_sum(
    three: list[Account], viewer: Client, clock: StoppedClock
) -> None:
    assert three
    assert "4 of 4 fresh (3 production, 1 sandbox)" in shown(viewer, "overview").text
    clock.now = at(10, 11)
    page = shown(viewer, "overview").text
    assert "0 of 4 accounts are fresh" in page
    assert "3 production, 1 sandbox." in page
    assert "3 of 3 accounts that could hold it carried" in page


def test_accounts_that_fail_stand_beside_those_that_are_fresh_still(
    three: list[Account], viewer: Client, clock: StoppedClock
) -> None:
    for account in three[:2]:
        failed(account, at(10, 5))
    clock.now = at(10, 6)
    page = shown(viewer, "overview")
    assert "4 of 4 accounts are fresh, 2 failing." in page.text
    assert not page.all("p", class_="coverage coverage-whole")
    assert "failing" not in shown(viewer, "overview", at=CUT_OFF).text


def test_the_headline_names_its_asset_and_remembers_which_was_chosen(
    three: list[Account], viewer: Client
) -> None:
    assert three
    page = shown(viewer, "overview").text
    assert "BTC held · all production accounts" in page
    assert "Total ·" not in page
    assert "ATOM held · all production" in shown(viewer, "overview", asset="ATOM").text
    assert "ATOM held · all production" in shown(viewer, "overview").text
    assert "BTC held · all production" in shown(viewer, "overview", asset="BTC").text
    assert "BTC held · all production" in shown(viewer, "overview").text
    # What nobody holds is no choice; what a fragment or a row asks for is none either.
    shown(viewer, "overview", asset="NONE")
    viewer.get(reverse("overview-asset"), {"asset": "ATOM"})
    assert "BTC held · all production" in shown(viewer, "overview").text
    testnet = shown(viewer, "overview", asset="BTC", kind="testnet").text
    assert "BTC held · all accounts, testnet: worthless" in testnet
    assert "testnet: worthless" in shown(viewer, "overview").text
