"""Live fragments, rows that open, filters: the same figures as the page, and all by plain links."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import labels
from accounts.models import Account
from balances.pages.account import page as account_page
from balances.pages.accounts import page as accounts_page
from balances.pages.overview import page as overview_page
from balances.polling import claims, refreshes
from balances.portfolio import members
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
from tests.support.markup import read, shown

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 2))


@pytest.fixture
def account(viewer: Client) -> Account:  # noqa: ARG001
    return keyless("Vault", at(10))


def test_a_fragment_is_empty_until_something_changed(
    viewer: Client, account: Account, clock: StoppedClock
) -> None:
    seen(account, at(10), BTC=coins(100))
    for name in ("overview", "accounts", "account"):
        page = shown(viewer, name, account if name == "account" else None)
        fragment = page.one("div", id="figures").attributes["hx-get"]
        current = viewer.get(fragment)
        assert (current.status_code, current.content) == (204, b"")
        assert "no-store" in current.headers["Cache-Control"]
        (version,) = parse_qs(urlsplit(fragment).query)["version"]
        assert viewer.get(fragment.replace(version, "0" * 16)).status_code == 200
        refresh = refreshes.ask(account, by=None)
        assert viewer.get(fragment).status_code == 200
        seen_again(account, refresh.pk, clock)
        news = read(viewer.get(fragment))
        assert news.one("div", id="figures").attributes["hx-get"] != fragment
        assert not news.all("div", id="chart-holder")


@pytest.mark.parametrize("name", ["overview", "accounts", "pending"])
def test_a_look_that_finds_nothing_new_is_one_statement(
    viewer: Client, account: Account, clock: StoppedClock, name: str
) -> None:
    seen(account, at(10), BTC=coins(100))
    fragment = shown(viewer, name).one("div", id="figures").attributes["hx-get"]
    with CaptureQueriesContext(connection) as asked:
        assert viewer.get(fragment).status_code == 204
    assert len(asked) == 3  # those of session and person before it
    clock.now += timedelta(minutes=1)
    assert viewer.get(fragment).status_code == 200  # ages are told in minutes


@pytest.mark.parametrize("name", ["overview", "accounts", "account"])
def test_what_changes_while_a_page_is_made_is_fetched_at_the_next_look(
    viewer: Client, account: Account, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    seen(account, at(10), BTC=coins(100))
    module = {"overview": overview_page, "accounts": accounts_page, "account": account_page}[name]
    loads = "members" if name == "account" else "bare_members"
    load = getattr(members, loads)

    def overtaken(*args: Any) -> Any:
        figures = load(*args)
        refreshes.ask(account, by=None)
        return figures

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(module, loads, overtaken)
        page = shown(viewer, name, account if name == "account" else None)
    assert viewer.get(page.one("div", id="figures").attributes["hx-get"]).status_code == 200


def test_a_poll_that_is_written_after_a_later_one_is_news(viewer: Client, account: Account) -> None:
    seen(keyless("Quick", at(10, 1)), at(10, 1), BTC=coins(5))
    fragment = shown(viewer, "overview").one("div", id="figures").attributes["hx-get"]
    assert viewer.get(fragment).status_code == 204
    seen(account, at(10), BTC=coins(100))
    assert "1.05" in read(viewer.get(fragment)).amounts()


def test_other_words_for_an_account_are_news(viewer: Client, account: Account, cast: Cast) -> None:
    for label, tags in (("Vault", ["cold"]), ("Safe", ["cold"]), ("Safe", ["warm"])):
        fragment = shown(viewer, "overview").one("div", id="figures").attributes["hx-get"]
        labels.relabel(account, label, tags, by=cast.admin)
        news = read(viewer.get(fragment)).text
        assert label in news
        assert tags[0] in news


def seen_again(account: Account, refresh_id: int, clock: StoppedClock) -> None:
    claim = claims.claim_refresh(account.pk, refresh_id, hold=timedelta(seconds=60))
    assert claim is not None
    clock.now += timedelta(seconds=1)
    delivered(claim, answer(BTC=coins(100)), clock.now)


def test_rows_open_without_a_script(viewer: Client, account: Account) -> None:
    seen(account, at(10), BTC=coins(100), ETH=coins(250))
    page = shown(viewer, "overview")
    ways = [a.attributes["href"] for a in page.all("a") if "open=" in a.attributes.get("href", "")]
    assert ways
    for way in ways:
        opened = read(viewer.get(way))
        assert len(opened.amounts()) > len(page.amounts()), way
    parts = shown(viewer, "account-parts", account)
    assert {"1.00", "2.50"} <= set(parts.amounts())
    assert not [form for form in page.all("form") if not form.attributes.get("method")]


def test_filters_count_what_they_let_through(viewer: Client, account: Account) -> None:
    seen(account, at(10), BTC=coins(100))
    failed(keyless("Broken", at(10)), at(10, 2))
    page = shown(viewer, "overview", show="attention")
    assert "Needs attention 1" in page.text
    assert "All 2" in page.text
    rows = {name.text.strip() for name in page.all("bdi")}
    assert "Broken" in rows
    assert "1.00" in page.amounts()
    assert "No account matches this filter." in shown(viewer, "overview", show="paused").text
    assert "No accounts yet." not in shown(viewer, "overview", show="paused").text


@pytest.mark.parametrize(
    "query",
    [
        {"asset": "\0"},
        {"asset": "x" * 5000},
        {"kind": "?", "show": "'", "range": "\0"},
        {"open": ["\0", "production:", "account:x"]},
        {"version": "x", "points": "10000000000"},
    ],
)
def test_a_query_that_makes_no_sense_breaks_nothing(
    viewer: Client, account: Account, query: dict[str, Any]
) -> None:
    seen(account, at(10), BTC=coins(100))
    for name in ("overview", "overview-figures", "accounts", "accounts-figures", "series"):
        assert viewer.get(reverse(name), query).status_code == 200
    for name in ("account", "account-figures", "account-series", "account-series-csv"):
        found = viewer.get(reverse(name, args=[account.uid]), query)
        assert found.status_code == 200
        assert len(found.content) < 200_000
    assert claimed(account, at(10, 5)).account_id == account.pk
