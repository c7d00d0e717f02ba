"""How the overview's assets moved: cells that come after the page, worked out by hand."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import labels, offers
from accounts.models import Account, Environment, User
from balances.lifecycle import ownership
from tests.conftest import Cast
from tests.support import markup, props
from tests.support.history import INTERVAL, StoppedClock, at, coins, keyless, seen
from tests.support.markup import Page
from tests.support.props import signed_in

SLOT = timedelta(seconds=INTERVAL)
#: At 10:00 of days of this March.
FIRST, LATER, TODAY = at(10), at(10, day=28), at(10, day=30)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, FIRST)


@pytest.fixture
def vault(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """Hold 3.00 BTC since the 2nd, 2.50 since the 28th; asked on the 30th."""
    account = keyless("Vault", FIRST)
    seen(account, FIRST, BTC=coins(300))
    clock.now = LATER
    seen(account, LATER, BTC=coins(250))
    clock.now = TODAY
    return account


def opened(label: str, clock: StoppedClock, since: Any, **assets: Any) -> Account:
    """Return another account of the fund's, first seen then; the clock goes on to today."""
    clock.now = since
    account = keyless(label, since)
    seen(account, since, **assets)
    clock.now = TODAY
    return account


def cells(user: User | Client, key: str = "production:BTC", **query: Any) -> str:
    """Return what the cells of a row say; nothing, if there is no such row."""
    browser = user if isinstance(user, Client) else signed_in(user)
    answer = browser.get(reverse("overview-changes"), query)
    assert answer.status_code == 200
    _, found, after = answer.content.decode().partition(f'<tr data-row="{key}">')
    return markup.read_html(after.partition("</tr>")[0]).text.strip() if found else ""


def shown(user: User, **query: Any) -> Page:
    return markup.shown(signed_in(user), "overview-changes", **query)


def test_changes_of_a_day_a_week_and_a_month(vault: Account, cast: Cast) -> None:
    seen(vault, TODAY, BTC=coins(275))
    found = cells(cast.viewer)
    # 24 h and 7 d begin with 2.50 and 3.00; 30 days ago nothing had been seen.
    assert "Up +0.25 +10.00 % Down -0.25 -8.33 % unknown" in found
    page = shown(cast.viewer)
    assert page.amounts() == ["+0.25", "-0.25"]
    assert {e.attributes["data-of"] for e in page.all("td")} == {"2.75"}
    overview = markup.shown(signed_in(cast.viewer), "overview").text
    assert "Up +0.25 (+10.00 %) against 24 h ago" in overview


def test_what_did_not_move_says_so(vault: Account, cast: Cast) -> None:
    assert cells(cast.viewer).startswith("no change")
    assert vault.label == "Vault"


def test_who_joined_or_left_is_named_and_no_gain(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    trading = opened("Trading", clock, LATER, BTC=coins(900))
    opened("Dust", clock, LATER, ETH=coins(1))
    found = cells(cast.viewer)
    assert "Down -0.5 -16.67 % without Trading, joined since" in " ".join(found.split())
    assert "Dust" not in found  # it brought none of it
    ownership.transfer(trading, cast.other, by=None)
    clock.now += timedelta(minutes=1)
    assert "without Trading, left since" in cells(cast.viewer)
    assert cells(cast.stranger).startswith("unknown without Trading, joined since")
    assert vault.label not in cells(cast.stranger)


def test_an_asset_new_to_accounts_that_were_there_all_along_is_a_gain_without_a_share(
    vault: Account, cast: Cast
) -> None:
    seen(vault, TODAY, BTC=coins(250), SOL=coins(7))
    assert "Up +0.07 Up +0.07 unknown" in cells(cast.viewer, "production:SOL")
    seen(vault, TODAY + SLOT, BTC=coins(250))
    asked = {"at": (TODAY + timedelta(minutes=2)).isoformat()}
    # Asked about a time that has not come, nothing is told.
    answer = signed_in(cast.viewer).get(reverse("overview-changes"), asked)
    assert answer.status_code == 422


def test_real_and_test_money_of_one_name_stay_apart(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = FIRST
    rehearsal = keyless("Rehearsal", FIRST)
    Account.objects.filter(pk=rehearsal.pk).update(environment=Environment.SANDBOX)
    rehearsal.refresh_from_db()
    seen(rehearsal, FIRST, BTC=coins(100))
    clock.now = TODAY
    seen(rehearsal, TODAY, BTC=coins(150))
    assert cells(cast.viewer, "production:BTC").startswith("no change Down -0.5 ")
    assert cells(cast.viewer, "testnet:BTC").startswith("Up +0.5 +50.00 % Up +0.5")
    assert cells(cast.viewer, "production:BTC", environment="sandbox") == ""
    assert vault.environment == Environment.PRODUCTION


def test_narrowed_to_a_tag_or_an_owner(vault: Account, cast: Cast, clock: StoppedClock) -> None:
    trading = opened("Trading", clock, FIRST, BTC=coins(100))
    seen(trading, TODAY, BTC=coins(400))
    labels.relabel(trading, "Trading", ["Hot"], by=cast.admin)
    assert "Up +3 +85.71 % Up +2.5 +62.50 %" in cells(cast.viewer)
    assert "Up +3 +300.00 % Up +3 " in cells(cast.viewer, tag="hot")
    assert "Up +3 +85.71 %" in cells(cast.viewer, owner=str(cast.fund.uid))
    assert cells(cast.viewer, owner="personal") == ""
    assert cells(cast.viewer, owner=str(cast.other.uid)) == ""
    assert vault.label == "Vault"


def test_nobody_learns_of_what_is_not_theirs(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    assert cells(cast.stranger) == cells(cast.superuser) == cells(cast.reader) == ""
    ownership.transfer(vault, cast.other, by=None)
    clock.now = TODAY + timedelta(hours=1)
    seen(vault, clock.now, BTC=coins(9_00))
    # Of what the fund had before, and Other has since, each learns nothing.
    assert cells(cast.viewer).startswith("unknown without Vault, left since")
    assert cells(cast.stranger).startswith("unknown without Vault, joined since")
    past = {"at": (TODAY - timedelta(hours=1)).isoformat()}
    assert "Down -0.5 " in cells(cast.viewer, **past)
    assert cells(cast.stranger, **past) == ""


def test_who_may_read_a_personal_account_sees_how_it_moved(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = FIRST - timedelta(minutes=1)
    own = keyless("Own", FIRST)
    ownership.transfer(own, cast.owner, by=None)
    clock.now = FIRST
    seen(own, FIRST, BTC=coins(10))
    clock.now = TODAY
    seen(own, TODAY, BTC=coins(30))
    assert cells(cast.reader) == ""
    props.shared(own, cast.reader)
    assert cells(cast.reader) == ""
    offers.count(own.uid, counted=True, by=cast.reader)
    assert cells(cast.owner).startswith("Up +0.2 +200.00 %")
    assert cells(cast.reader).startswith("Up +0.2 +200.00 %")
    assert "+0.2" not in cells(cast.viewer)
    assert vault.label == "Vault"


def test_every_row_of_the_page_has_its_cells_with_its_total(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    opened("Empty", clock, LATER, XRP=coins(0))
    seen(vault, TODAY, BTC=coins(275), ETH=coins(10**20, 10**18))
    seen(vault, TODAY + SLOT, ETH=coins(10**20, 10**18))
    clock.now = TODAY + SLOT
    browser = signed_in(cast.viewer)
    page = markup.shown(browser, "overview")
    rows = {e.attributes["id"].removeprefix("row-") for e in page.all("tbody", class_="group")}
    rows = {one for one in rows if not one.startswith("account:")}
    assert rows == {"production:BTC", "production:ETH", "production:XRP"}
    found = markup.shown(browser, "overview-changes")
    assert {e.attributes["data-row"] for e in found.all("tr")} >= rows


def test_a_page_that_needs_no_script_has_the_same_cells(vault: Account, cast: Cast) -> None:
    browser = signed_in(cast.viewer)
    plain = markup.shown(browser, "overview")
    assert not [e for e in plain.all("td") if "data-of" in e.attributes]
    link = next(e for e in plain.all("a") if e.text.strip() == "Show how they moved")
    answer = browser.get(link.attributes["href"])
    assert cells(browser) in markup.read(answer).text
    assert "Show how they moved" not in answer.content.decode()
    assert vault.label in answer.content.decode()


def test_what_is_shown_already_is_not_sent_again(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    browser, url = signed_in(cast.viewer), reverse("overview-changes")
    version = markup.shown(browser, "overview-changes").one("table").attributes["data-version"]
    assert browser.get(url, {"version": version}).status_code == 204
    seen(vault, TODAY, BTC=coins(1))
    assert browser.get(url, {"version": version}).status_code == 200
    clock.now += timedelta(minutes=1)
    assert browser.get(url, {"version": version}).status_code == 200


def test_the_course_in_words_and_as_a_line(vault: Account, cast: Cast) -> None:
    found = shown(cast.viewer)
    words = found.one("title").text
    assert words.startswith("30 days, from 3.00 to 2.50 BTC, at the ends of UTC days lowest 2.50,")
    assert "highest 3.00, in part unknown" in words
    paths = found.all("path")
    assert all(e.attributes["d"].startswith("M") for e in paths)
    # Nothing was known on the first days: the line begins later.
    assert not any(e.attributes["d"].startswith("M2 ") for e in paths)
    assert vault.label not in json.dumps(words)


def test_each_account_of_an_open_asset_says_how_it_moved_by_itself(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    trading = opened("Trading", clock, LATER, BTC=coins(900))
    seen(trading, TODAY, BTC=coins(905))
    browser = signed_in(cast.viewer)
    page = markup.shown(browser, "overview")
    (details,) = [e for e in page.all("details") if e.attributes.get("data-row", "")[:4] == "prod"]
    for answer in (
        browser.get(details.attributes["hx-get"]),
        browser.get(reverse("overview"), {"open": "production:BTC"}),
    ):
        text = markup.read(answer).text
        # Trading was not there a week ago: that is unknown, not a gain.
        assert "Up +0.05 +0.56 % unknown unknown" in text.partition("Trading")[2]
        assert "no change Down -0.5 -16.67 % unknown" in text.partition(vault.label)[2]


def test_each_asset_of_an_open_account_does_so_even_if_it_counts_in_no_total(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    ownership.count(vault, counted=False, by=None)
    browser, key = signed_in(cast.viewer), f"account:{vault.uid}"
    parts = markup.shown(browser, "account-parts", vault)
    whole = markup.shown(browser, "accounts", open=key)
    past = markup.shown(browser, "overview", open=key, at=clock.now.isoformat())
    for found in (parts, whole, past):
        assert "no change Down -0.5 -16.67 % unknown" in found.text
