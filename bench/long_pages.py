"""Lines 16 to 24: what the pages of a long history cost, at two sizes that differ by ten."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from random import Random
from urllib.parse import urlencode

from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from accounts.models import Account
from bench.lines import Line, p95
from bench.past import YEAR, Past

#: So many requests a page, each for another account and instant, are what a p95 is made of.
TRIES = 40
#: A page may grow by this much while its history grows tenfold.
GOAL = 1.5

#: What is asked for, of some account and as of some instant.
Address = Callable[[Account, str], str]


def _page(name: str, **query: str) -> Address:
    return lambda _account, _at: f"{reverse(name)}?{urlencode(query)}"


def _as_of(name: str, **query: str) -> Address:
    return lambda _account, at: f"{reverse(name)}?{urlencode({**query, 'at': at})}"


def _account(name: str, **query: str) -> Address:
    return lambda account, _at: f"{reverse(name, args=[account.uid])}?{urlencode(query)}"


PAGES: Mapping[int, tuple[str, Address]] = {
    16: ("overview", _page("overview")),
    17: ("overview as of an instant", _as_of("overview")),
    18: ("points of a year, of all accounts", _page("series", asset="BTC", range="1y")),
    19: ("list of accounts", _page("accounts")),
    20: ("an account", _account("account", asset="BTC", range="1y")),
    21: ("points of a year, of an account", _account("account-series", asset="BTC", range="1y")),
    22: ("History as of an instant", _as_of("history")),
    23: ("an asset", _page("asset", asset="BTC")),
    24: ("what is in flight", _page("pending")),
}


def measured(past: Past, wanted: Collection[int]) -> dict[int, float]:
    """Return the p95 of every page that is wanted, in seconds of Django's test client."""
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        browser = Client()
        browser.force_login(past.reader)
        asked = {number: address for number, (_, address) in PAGES.items() if number in wanted}
        return {number: p95(_requests(browser, past, asked[number])) for number in asked}


def lines(small: Mapping[int, float], large: Mapping[int, float]) -> Iterator[Line]:
    """Return the lines of the larger history, each against the smaller one."""
    for number, value in large.items():
        floor = small[number]
        name = f"page, p95: {PAGES[number][0]}"
        yield Line(number, name, 1000 * value, "ms", GOAL, 1000 * floor, value / floor)


def _requests(browser: Client, past: Past, address: Address) -> Iterator[Callable[[], None]]:
    chance = Random(1)  # noqa: S311 - repeatable on purpose
    span = min(YEAR, past.until - past.accounts[0].created_at) - timedelta(hours=1)
    for _ in range(TRIES):
        at = past.until - span * chance.random()
        yield partial(_ask, browser, address(chance.choice(past.accounts), at.isoformat()))


def _ask(browser: Client, address: str) -> None:
    assert browser.get(address).status_code == HTTPStatus.OK, address
