"""Every reading address as of instants before and after a transfer, for everybody."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from balances.lifecycle import ownership
from tests.conftest import Cast
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import steady
from tests.support.matrix import MEMBERS, MISSING, OK, PEOPLE, RULES

LABEL, FIGURE = "Treasure of the fund", "1,234.56"
BEFORE, AFTER = "2026-03-02T10:11:00Z", "2026-03-02T10:20:00Z"
OF_ALL = (
    "overview", "overview-figures", "accounts", "accounts-figures", "history", "history-csv",
    "pending", "pending-figures", "series", "series-csv", "overview-asset", "asset",
    "asset-figures",
)  # fmt: skip
OF_ONE = ("account", "account-figures", "account-parts", "account-series", "account-series-csv")
#: Who sees which part of the account's time; the other organization has it since.
READERS = {BEFORE: MEMBERS, AFTER: ("stranger",)}
#: A chart that ends then reaches back into the time in which it was the members'.
CHART_READERS = {BEFORE: MEMBERS, AFTER: ("stranger", *MEMBERS)}
QUERY = {"asset": "BTC", "range": "24h", "open": "production:BTC"}


@pytest.fixture
def account(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Account:
    clock = StoppedClock(monkeypatch, at(10))
    account = keyless(LABEL, at(10))
    seen(account, at(10), BTC=coins(123_456))
    clock.now = at(10, 12)
    ownership.transfer(account, cast.other, by=cast.admin)
    clock.now = at(12)
    account.refresh_from_db()
    return account


def tells(answer: Any) -> bool:
    """Whether an answer betrays anything of the account."""
    text = answer.content.decode()
    return LABEL in text or FIGURE in text or "1234.56" in text


@pytest.mark.parametrize("name", OF_ALL)
def test_pages_of_many_accounts(cast: Cast, account: Account, browser_of: Any, name: str) -> None:
    assert account.organization == cast.other
    sees = CHART_READERS if name.startswith("series") else READERS
    for who in PEOPLE:
        browser: Client = browser_of(getattr(cast, who))
        for instant, readers in sees.items():
            answer = browser.get(reverse(name), {**QUERY, "at": instant})
            # What is in flight is nothing; the accounts that were looked at may be named.
            assert tells(answer) == (who in readers) or name.startswith("pending"), who
            if who not in readers:
                assert not tells(answer), who
                assert "1 of 1" not in answer.content.decode(), who
            assert answer.status_code in {OK, MISSING}
        label = {**QUERY, "at": BEFORE, "tag": LABEL}
        assert FIGURE not in browser.get(reverse(name), label).content.decode()


@pytest.mark.parametrize("name", OF_ONE)
def test_pages_of_the_account(cast: Cast, account: Account, browser_of: Any, name: str) -> None:
    for who in PEOPLE:
        browser: Client = browser_of(getattr(cast, who))
        for instant, readers in READERS.items():
            query = {**QUERY, "at": instant}
            answer = browser.get(reverse(name, args=[account.uid]), query)
            assert answer.status_code == (OK if who in readers else MISSING), (who, instant)
            assert FIGURE not in answer.content.decode() or who in readers
            if who not in {*MEMBERS, "stranger"}:
                nobodys = browser.get(reverse(name, args=[uuid4()]), query)
                assert steady(answer.content.decode()) == steady(nobodys.content.decode()), who
    for instant in READERS:
        answer = Client().get(reverse(name, args=[account.uid]), {"at": instant})
        assert answer.status_code == 302


@pytest.mark.parametrize("name", OF_ONE)
def test_nonsense_betrays_no_account(
    cast: Cast, account: Account, browser_of: Any, name: str
) -> None:
    for who in PEOPLE:
        browser: Client = browser_of(getattr(cast, who))
        answer = browser.get(reverse(name, args=[account.uid]), {"at": "rubbish"})
        assert answer.status_code == (422 if who in {*MEMBERS, "stranger"} else MISSING), who
        assert not tells(answer)


def test_nobody_acts_in_the_past(cast: Cast, account: Account, browser_of: Any) -> None:
    browser: Client = browser_of(cast.admin)
    for name in (name for name, rule in RULES.items() if rule.one_account and name not in OF_ONE):
        url = f"{reverse(name, args=[account.uid])}?at={BEFORE}"
        for method in ("GET", "POST"):
            assert browser.generic(method, url).status_code == MISSING, name
