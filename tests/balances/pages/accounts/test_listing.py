"""A long list is shown fifty a page; what is counted and added up is over all of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Account
from balances.history.observations import Sight
from balances.history.status import Halt, Stand, slug_of
from balances.pages.components.status_text import state_of
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import Page, read, shown


@pytest.fixture
def accounts(viewer: Client, clock: StoppedClock) -> list[Account]:  # noqa: ARG001
    clock.now = at(10, 2)
    found = [keyless(f"Account {number:02}", at(10)) for number in range(1, 53)]
    for account in (found[0], found[-1]):
        seen(account, at(10), BTC=coins(100))
    return found


def rows(page: Page) -> list[str]:
    ids = (one.attributes.get("id", "") for one in page.all("tbody"))
    return [text.partition(":")[2] for text in ids if text.startswith("row-account:")]


def link(page: Page, rel: str) -> str:
    return page.one("a", rel=rel).attributes["href"]


@pytest.mark.parametrize("name", ["overview", "accounts"])
def test_a_list_is_read_page_by_page(viewer: Client, accounts: list[Account], name: str) -> None:
    first = shown(viewer, name)
    second = read(viewer.get(link(first, "next")))
    assert rows(first) + rows(second) == [str(account.uid) for account in accounts]
    assert len(rows(first)) == 50
    assert "1 to 50 of 52" in first.text
    assert "51 to 52 of 52" in second.text
    assert rows(read(viewer.get(link(second, "prev")))) == rows(first)
    assert not first.all("a", rel="prev")
    assert not second.all("a", rel="next")


def test_figures_and_filters_are_over_all_pages(viewer: Client, accounts: list[Account]) -> None:
    assert accounts
    for page in (shown(viewer, "overview"), shown(viewer, "overview", page="2")):
        assert "2.00" in page.amounts()
        assert "All 52" in page.text
        assert "Needs attention 50" in page.text
    attention = shown(viewer, "overview", show="attention", page="2")
    assert len(rows(attention)) == 50
    assert not attention.all("nav", id="pages")


def test_a_page_that_is_not_there_is_the_nearest(viewer: Client, accounts: list[Account]) -> None:
    assert len(accounts) == 52
    for number, count in (("0", 50), ("-1", 50), ("x", 50), ("²", 50), ("3", 2), ("9" * 99, 50)):
        assert len(rows(shown(viewer, "accounts", page=number))) == count


def test_a_fragment_is_of_the_same_page(viewer: Client, accounts: list[Account]) -> None:
    page = shown(viewer, "overview", page="2")
    fragment = page.one("div", id="figures").attributes["hx-get"]
    assert viewer.get(fragment).status_code == 204
    seen(accounts[-2], at(10), BTC=coins(100))
    assert rows(read(viewer.get(fragment))) == rows(page)


def test_a_state_without_words_is_the_same_state() -> None:
    now = at(10)
    seen_now, seen_before = Sight(now, 300), Sight(now - timedelta(hours=1), 300)
    stands = [Stand(None), Stand(seen_now), Stand(seen_before), Stand(seen_now, is_loading=True)]
    stands += [replace(one, failing_since=now, reason="timeout") for one in stands]
    halts = [Halt(kind, now) for kind in ("archived", "keyless", "paused")]
    stands += [replace(one, halt=halt) for one in stands for halt in halts]
    assert {slug_of(one, now) for one in stands} == {
        *("fresh", "stale", "failed", "waiting", "archived", "keyless", "paused")
    }
    for one in stands:
        assert slug_of(one, now) == state_of(one, now).slug
