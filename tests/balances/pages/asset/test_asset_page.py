"""The page of one asset: who holds it, how much, since when; all figures worked out by hand."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import labels
from accounts.models import Account, Environment, User
from balances.lifecycle import ownership, pausing
from tests.conftest import Cast
from tests.support import markup
from tests.support.history import StoppedClock, at, coins, failed, keyless, seen
from tests.support.markup import Page
from tests.support.props import signed_in

TICK = timedelta(microseconds=1)


@pytest.fixture
def vault(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """Hold 3.00 BTC since 10:00."""
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=(300, 250, 20, 30, 100))
    return account


def private(label: str, owner: User) -> Account:
    """Return a personal account, due from 10:00 on."""
    account = keyless(label, at(10))
    ownership.transfer(account, owner, by=None)
    return account


def page(user: User, **query: Any) -> Page:
    return markup.shown(signed_in(user), "asset", **{"asset": "BTC", **query})


def answers(user: User, **query: Any) -> tuple[int, str]:
    """Return status and text of the page and of its fragment."""
    browser = signed_in(user)
    told = [browser.get(reverse(name), query) for name in ("asset", "asset-figures")]
    return told[0].status_code, markup.steady(told[0].content.decode() + told[1].content.decode())


def test_total_shares_and_subtotals(vault: Account, cast: Cast, clock: StoppedClock) -> None:
    trading = keyless("Trading", at(10))
    seen(trading, at(10), BTC=coins(500), ETH=coins(7))
    clock.now = at(10) - TICK
    own = private("Own", cast.viewer)
    clock.now = at(10)
    seen(own, at(10), BTC=coins(1))
    found = page(cast.viewer)
    assert found.amounts()[:4] == ["8.01", "7.51", "0.20", "0.30"]
    text = found.text.partition("Accounts that hold it")[2]
    # Fund 8.00 of 8.01, first; within it the larger account is first.
    order = [text.index(one) for one in ("Fund", "Trading", "Vault", "Viewer", "Own")]
    assert order == sorted(order)
    for share in ("99.9 %", "62.4 %", "37.5 %", "0.1 %"):
        assert share in text
    assert "ETH" not in text
    assert vault.label == "Vault"


def test_the_overview_says_the_same_now_and_then(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    trading = keyless("Trading", at(10))
    seen(trading, at(10), BTC=(700, 650, 50, 0, 1000))
    seen(vault, at(10, 5), BTC=(400, 350, 60, 10, 100))
    clock.now = at(10, 6)
    ownership.count(trading, counted=False, by=None)
    clock.now = at(10, 7)
    browser = signed_in(cast.viewer)
    for instant, total in (("", "4.00"), ("2026-03-02T10:00:30Z", "3.700")):
        for name in ("overview", "asset"):
            found = markup.shown(browser, name, asset="BTC", at=instant)
            assert found.amounts()[0] == total, (name, instant)


def test_with_one_owner_there_is_no_subtotal(vault: Account, cast: Cast) -> None:
    found = page(cast.viewer)
    assert not found.all("th", scope="rowgroup")
    assert found.text.count("100.0 %") == 1
    assert vault.label in found.text


def test_who_holds_none_of_it_now_is_folded_away(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(vault, at(10, 5), ETH=coins(1))
    clock.now = at(10, 6)
    found = page(cast.viewer)
    assert found.amounts()[0] == "0.00"
    assert "1 account held it before and holds none of it now" in found.text
    assert "None of these accounts holds BTC now." in found.text
    past = page(cast.viewer, at="2026-03-02T10:00:00Z")
    assert past.amounts()[0] == "3.00"
    assert "held it before" not in past.text


def test_unknown_accounts_are_named_and_are_not_zero(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    keyless("Silent", at(10))
    clock.now = at(10, 1)
    found = page(cast.viewer)
    assert "Unknown: Silent . No balance of it has been seen" in found.text
    assert "1 of 2 accounts are fresh, 1 unknown" in found.text
    assert vault.label in found.text


def test_what_is_old_or_failed_says_so(vault: Account, cast: Cast, clock: StoppedClock) -> None:
    clock.now = at(10, 30)
    assert "Stale" in page(cast.viewer).text
    failed(vault, at(10, 30))
    found = page(cast.viewer)
    assert "Failed" in found.text
    assert "0 of 1 account is fresh" in found.text
    assert found.amounts()[0] == "3.00"


def test_what_does_not_count_is_listed_and_in_no_total(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    trading = keyless("Trading", at(10))
    seen(trading, at(10), BTC=coins(500))
    clock.now = at(10, 1)
    ownership.count(trading, counted=False, by=None)
    found = page(cast.viewer)
    assert found.amounts()[0] == "3.00"
    assert "in no total" in found.text
    assert "5.00" in found.amounts()
    ownership.count(vault, counted=False, by=None)
    assert page(cast.viewer).has("p", class_="headline-figure headline-unknown")


def test_archived_accounts_are_in_it_up_to_then(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(10, 2)
    pausing.archive(vault, by=None)
    assert "No account." in page(cast.viewer).text
    assert page(cast.viewer, at="2026-03-02T10:01:00Z").amounts()[0] == "3.00"


def test_changes_leave_out_who_joined_or_left_and_name_them(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    trading = keyless("Trading", at(9, day=8))
    seen(trading, at(9, day=8), BTC=coins(1000))
    seen(vault, at(9, day=9), BTC=coins(250))
    clock.now = at(10, day=9)
    told = page(cast.viewer)
    # 24 h: Trading all along, Vault 3.00 to 2.50. 7 d: Trading joined. 30 d: nobody was known.
    assert "24 h Down -0.50 (-3.85 %)" in told.text
    assert "7 d Down -0.50 (-16.67 %) without Trading, joined since" in told.text
    assert "30 d unknown without Trading and Vault, joined since" in told.text
    ownership.transfer(trading, cast.other, by=None)
    assert "24 h Down -0.50 (-16.67 %) without Trading, left since" in page(cast.viewer).text


def test_only_what_ones_own_accounts_held_exists(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    for user in (cast.stranger, cast.owner, cast.superuser):
        theirs, nobodys = (answers(user, asset=asset) for asset in ("BTC", "XBT"))
        assert theirs[0] == 404
        assert theirs == nobodys
    assert answers(cast.viewer, asset="BTC", kind="testnet")[0] == 404
    clock.now = at(10, 2)
    ownership.transfer(vault, cast.other, by=None)
    seen(vault, at(10, 5), BTC=coins(100), ETH=coins(1))
    clock.now = at(10, 6)
    assert answers(cast.viewer, asset="ETH") == answers(cast.viewer, asset="XBT")
    assert answers(cast.stranger, asset="ETH")[0] == 200


def test_each_owner_sees_their_own_time(vault: Account, cast: Cast, clock: StoppedClock) -> None:
    labels.relabel(vault, "Our vault", [], by=cast.admin)
    clock.now = at(10, 2)
    ownership.transfer(vault, cast.other, by=cast.admin)
    labels.relabel(vault, "Their vault", [], by=cast.stranger)
    seen(vault, at(10, 5), BTC=coins(100))
    clock.now = at(10, 6)
    before, after = "2026-03-02T10:01:00Z", "2026-03-02T10:05:00Z"
    past = page(cast.viewer, at=before)
    assert past.amounts()[0] == "3.00"
    assert "Our vault" in past.text
    assert "Their vault" not in past.text
    for user, instant in ((cast.viewer, after), (cast.stranger, before), (cast.viewer, "")):
        found = page(user, at=instant)
        assert found.amounts() == [], (user, instant)
        assert "vault" not in found.text
    assert page(cast.stranger, at=after).amounts()[0] == "1.00"


def test_real_and_test_money_of_one_name_know_each_other_only_in_scope(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    rehearsal = keyless("Rehearsal", at(10))
    Account.objects.filter(pk=rehearsal.pk).update(environment=Environment.SANDBOX)
    seen(rehearsal, at(10), BTC=coins(9900))
    clock.now = at(10, 1)
    real, test = page(cast.viewer), page(cast.viewer, kind="testnet")
    assert (real.amounts()[0], test.amounts()[0]) == ("3.00", "99.00")
    assert "Rehearsal" not in real.text
    assert "Vault" not in test.text
    assert "Testnet BTC" in real.text
    assert "Real BTC" in test.text
    assert "Real BTC" not in page(cast.viewer, kind="testnet", environment="sandbox").text
    ownership.transfer(rehearsal, cast.other, by=None)
    assert "Real BTC" not in page(cast.stranger, kind="testnet").text
    assert vault.label in real.text


def test_narrowed_to_an_owner_and_kept_in_every_address(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(10) - TICK
    own = private("Own", cast.viewer)
    clock.now = at(10)
    seen(own, at(10), BTC=coins(1))
    found = page(cast.viewer, owner="personal")
    assert found.amounts()[0] == "0.01"
    assert vault.label not in found.text
    assert "No account matches this filter." in page(cast.viewer, owner=cast.other.uid).text
    live = found.one("div", id="figures").attributes
    assert "owner=personal" in live["hx-get"]


def test_the_present_is_live_and_the_past_stands_still(vault: Account, cast: Cast) -> None:
    browser = signed_in(cast.viewer)
    live = markup.shown(browser, "asset", asset="BTC").one("div", id="figures").attributes
    assert browser.get(live["hx-get"]).status_code == 204
    seen(vault, at(10, 5), BTC=coins(1))
    fresh = browser.get(live["hx-get"])
    assert fresh.status_code == 200
    assert markup.read(fresh).amounts()[0] == "0.01"
    past = page(cast.viewer, at="2026-03-02T10:00:00Z").one("div", id="figures").attributes
    assert "hx-get" not in past


def test_an_instant_that_is_none_shows_no_figure(vault: Account, cast: Cast) -> None:
    answer = signed_in(cast.viewer).get(reverse("asset"), {"asset": "BTC", "at": "2099-01-01"})
    assert answer.status_code == 422
    assert markup.read(answer).amounts() == []
    assert vault.label not in answer.content.decode()


def test_the_way_there(vault: Account, cast: Cast, clock: StoppedClock) -> None:
    clock.now = at(10, 1)
    browser: Client = signed_in(cast.viewer)
    ways = [
        link.attributes["href"]
        for name, account in (("overview", None), ("account", vault))
        for link in markup.shown(browser, name, account).all("a")
        if link.attributes["href"].startswith(reverse("asset"))
    ]
    assert len(ways) == 2
    assert {browser.get(way).status_code for way in ways} == {200}


def test_what_was_gone_before_ones_own_time_does_not_exist(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(vault, at(10, 5), BTC=coins(100), ETH=coins(1))
    seen(vault, at(10, 10), BTC=coins(100))
    clock.now = at(10, 12)
    ownership.transfer(vault, cast.other, by=None)
    clock.now = at(10, 16)
    seen(vault, at(10, 15), BTC=coins(100))
    assert answers(cast.stranger, asset="ETH") == answers(cast.stranger, asset="XBT")
    then = "2026-03-02T10:15:30Z"
    for query in ({}, {"at": then}):
        for name, account in (("overview", None), ("account", vault)):
            told = markup.shown(signed_in(cast.stranger), name, account, **query)
            assert "BTC" in told.text, (name, query)
            assert "ETH" not in told.text, (name, query)
    assert answers(cast.viewer, asset="ETH", at="2026-03-02T10:06:00Z")[0] == 200
    seen(vault, at(10, 20), ETH=coins(1))
    seen(vault, at(10, 25), BTC=coins(2))
    clock.now = at(10, 26)
    assert "ETH" in markup.shown(signed_in(cast.stranger), "account", vault).text
