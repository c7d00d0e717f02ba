"""Recording in the browser that entries are summed, tried with the simulator over HTTP."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, EntryRule, Role
from balances.evidence.verification.verify import verify
from balances.lifecycle import ownership
from balances.models import Holding, Refresh
from balances.polling import refreshes, schedules
from tests.conftest import Cast, Simulator
from tests.support import props
from tests.support.markup import Page, read, shown

WHY = "Two wallets of ours, compared in the web app."
FIELDS = ("total", "available", "pendingIn", "pendingOut", "scale")


@pytest.fixture
def admin(cast: Cast, browser_of: Any) -> Client:
    browser: Client = browser_of(cast.admin)
    return browser


def coins(total: int) -> dict[str, int]:
    return dict(zip(FIELDS, (total, total, 0, 0, 10**8), strict=True))


def two_wallets(simulator: Simulator, name: str = "Custody") -> None:
    """Let an account hold bitcoin in two wallets, so that it is answered with BTC twice."""
    assets = {"BTC": [coins(150_000_000), coins(25_000_000)], "ETH": coins(7)}
    simulator.admin("POST", "balance", key_id=simulator.key(name)[0], assets=assets)


def decided(browser: Client, account: Account, summed: str, reason: str = WHY) -> Page:
    path = reverse("account-entries", args=[account.uid])
    return read(browser.post(path, {"summed": summed, "reason": reason}, follow=True))


def btc(account: Account) -> int:
    return int(Holding.objects.get(account=account, asset="BTC").total)


def test_an_admin_records_it_on_the_page_that_the_failure_leads_to(
    custody: Account, simulator: Simulator, admin: Client, cast: Cast, browser_of: Any
) -> None:
    simulator.holds("Custody", BTC=(5, 5, 0, 0, 10**8))
    schedules.add_missing([custody])
    refreshes.refresh_now([custody])
    two_wallets(simulator)
    (recorded,) = refreshes.refresh_now([custody])
    assert (recorded.outcome, recorded.reason, btc(custody)) == ("failed", "not_understood", 5)

    path = reverse("account-entries", args=[custody.uid])
    failing = shown(admin, "account", custody)
    assert "names more than once: BTC" in failing.text
    assert "You can record that its entries are summed." in failing.text
    assert len(failing.all("a", href=path)) == 2  # beside the failure, and among the account's acts
    viewer = browser_of(cast.viewer)
    assert "names more than once: BTC" in shown(viewer, "account", custody).text
    assert not shown(viewer, "account", custody).all("a", href=path)

    assert "names more than once: BTC" in read(admin.get(path)).text
    assert "are summed from now on" in decided(admin, custody, "yes").text
    assert Refresh.objects.filter(account=custody, finished_at=None).exists()
    refreshes.carry_out([Refresh.objects.get(account=custody, finished_at=None).pk])
    assert btc(custody) == 175_000_000
    page = shown(viewer, "account", custody)
    assert "Added up from several entries in Qredo's answer" in page.text
    assert f"by admin@example.com: {WHY}" in page.text
    assert "You can record that its entries are summed" not in shown(admin, "account", custody).text
    assert "Custody: Added up from several entries" in shown(viewer, "overview").text
    assert "Added up from several entries" in shown(viewer, "asset", asset="BTC").text
    assert verify().findings == []


def test_it_is_undone_on_the_same_page_which_keeps_what_was_recorded(
    custody: Account, simulator: Simulator, admin: Client
) -> None:
    schedules.add_missing([custody])
    two_wallets(simulator)
    decided(admin, custody, "yes")
    refreshes.refresh_now([custody])
    assert "as before" in decided(admin, custody, "yes", "Again").text
    assert "are not summed from now on" in decided(admin, custody, "no", "One wallet.").text
    page = read(admin.get(reverse("account-entries", args=[custody.uid])))
    assert "Today they are not summed" in page.text
    for told in (WHY, "One wallet.", "admin@example.com"):
        assert told in page.text
    assert "Again" not in page.text
    refreshes.carry_out([Refresh.objects.get(account=custody, finished_at=None).pk])
    assert btc(custody) == 175_000_000  # the figures before stay
    assert "Failed" in shown(admin, "account", custody).text
    assert verify().findings == []


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"reason": WHY}, "Choose one of the two."),
        ({"summed": "maybe", "reason": WHY}, "Choose one of the two."),
        ({"summed": "yes"}, "Say how you know."),
        ({"summed": "yes", "reason": "   "}, "Say how you know."),
        ({"summed": "yes", "reason": "x" * 201}, "200"),
        ({"summed": "yes", "reason": "a\u200bb"}, "invisible character"),
    ],
)
def test_it_takes_a_choice_and_a_reason_in_plain_words(
    custody: Account, admin: Client, typed: dict[str, str], error: str
) -> None:
    answer = admin.post(reverse("account-entries", args=[custody.uid]), typed)
    assert answer.status_code == 422
    assert error in read(answer).text
    assert not EntryRule.objects.exists()


def test_a_reason_is_inert(custody: Account, admin: Client) -> None:
    decided(admin, custody, "yes", "<script>alert(1)</script> {{ 1 }} =1+1")
    for page in (admin.get(reverse("account-entries", args=[custody.uid])),):
        assert b"<script>alert(1)" not in page.content
    assert b"<script>alert(1)" not in admin.get(reverse("account", args=[custody.uid])).content


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_others_of_the_organization_may_not(
    custody: Account, cast: Cast, browser_of: Any, role: Role
) -> None:
    browser = browser_of(getattr(cast, role))
    path = reverse("account-entries", args=[custody.uid])
    assert browser.post(path, {"summed": "yes", "reason": WHY}).status_code == 403
    assert not EntryRule.objects.exists()


def test_the_owner_of_a_personal_account_may_and_the_next_owner_is_not_told_why(
    personal: Account, cast: Cast, browser_of: Any
) -> None:
    decided(browser_of(cast.owner), personal, "yes")
    assert EntryRule.objects.get(account=personal).who == cast.owner.email
    ownership.transfer(personal, cast.fund, by=cast.owner)
    admin = browser_of(cast.admin)
    for page in (
        shown(admin, "account", personal),
        read(admin.get(reverse("account-entries", args=[personal.uid]))),
    ):
        assert "recorded for an owner before" in page.text
        assert WHY not in page.text
        assert cast.owner.email not in page.text


def test_who_confirmed_long_ago_is_asked_anew(custody: Account, cast: Cast) -> None:
    stale = props.signed_in(cast.admin, ago=3_600)
    path = reverse("account-entries", args=[custody.uid])
    sent = {"summed": "yes", "reason": WHY}
    assert stale.post(path, sent).headers["Location"].startswith("/confirm/")
    assert not EntryRule.objects.exists()


def test_an_account_that_is_answered_so_from_the_first_can_be_added(
    simulator: Simulator, admin: Client, cast: Cast
) -> None:
    two_wallets(simulator, "Spare organization")
    key_id, secret = simulator.key("Spare organization")
    typed = {"label": "Payments", "owner": str(cast.fund.uid), "environment": "production"}
    typed |= {"api_key": key_id, "api_secret": secret, "wallets": "all"}
    page = read(admin.post(reverse("account-add"), typed, follow=True))
    assert "Its balances are unknown still. Qredo's answer names more than once: BTC." in page.text
    account = Account.objects.get(label="Payments")
    assert not Holding.objects.exists()
    assert len(page.all("a", href=reverse("account-entries", args=[account.uid]))) == 2
    decided(admin, account, "yes")
    refreshes.carry_out([Refresh.objects.get(account=account, finished_at=None).pk])
    assert btc(account) == 175_000_000
    assert verify().findings == []
