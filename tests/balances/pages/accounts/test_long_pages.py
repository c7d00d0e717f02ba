"""History, one asset, what is in flight: fifty rows a page, and figures over every page."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from balances.lifecycle import ownership
from balances.polling import claims, recording
from balances.polling.results import Result
from tests.conftest import Cast
from tests.support.history import StoppedClock, answer, at, coins, keyless, seen
from tests.support.markup import Page, read, shown

Asked = tuple[str, dict[str, Any]]

THEN = "2026-03-02T10:01:00Z"
#: Each with what it is asked; the past is of the same accounts.
NOW: dict[str, dict[str, Any]] = {"asset": {"asset": "BTC"}, "pending": {}}
ASKED: list[Asked] = [
    *NOW.items(),
    *((name, {**query, "at": THEN}) for name, query in NOW.items()),
    ("history", {"at": THEN}),
]
EACH = [*NOW.items(), ASKED[-1]]
_ACCOUNT = re.compile(r"/accounts/([0-9a-f-]{36})/")


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 2))


@pytest.fixture
def accounts(viewer: Client) -> list[Account]:  # noqa: ARG001
    """Of 53 accounts each holds less than the one before, all of it on its way in."""
    found = [keyless(f"Account {number:02}", at(10)) for number in range(1, 54)]
    incoming(found, range(100, 47, -1))
    return found


def incoming(accounts: Sequence[Account], amounts: Iterable[int]) -> None:
    """Poll accounts together: each holds so many hundredths, all of it on its way in."""
    told = {a.pk: answer(BTC=(n, 0, n, 0, 100)) for a, n in zip(accounts, amounts, strict=True)}
    while claimed := claims.claim_due(limit=len(told), now=at(10), only=list(told)):
        found = [Result(one.account_id, one.token, told[one.account_id]) for one in claimed]
        recording.record(found, now=at(10))


#: 1.00 + 0.99 + … + 0.48.
TOTAL = "39.22"


def rows(page: Page) -> list[str]:
    links = (_ACCOUNT.match(one.attributes["href"]) for one in page.all("a"))
    return [found[1] for found in links if found]


def link(page: Page, rel: str) -> str:
    (found,) = links(page, rel)
    return found


def links(page: Page, rel: str) -> list[str]:
    # The band of a page of the past leads a day before and after by the same relations.
    found = page.all("a", rel=rel)
    return [one.attributes["href"] for one in found if one.text.strip() in {"Before", "After"}]


@pytest.mark.parametrize("asked", ASKED)
def test_a_list_is_read_page_by_page(viewer: Client, accounts: list[Account], asked: Asked) -> None:
    name, query = asked
    wanted = {**query, "environment": "production"}
    first = shown(viewer, name, **wanted)
    second = read(viewer.get(link(first, "next")))
    assert rows(first) + rows(second) == [str(account.uid) for account in accounts]
    assert len(rows(first)) == 50
    assert "1 to 50 of 53" in first.text
    assert "51 to 53 of 53" in second.text
    assert all(f"{key}=" in link(second, "prev") for key in wanted)
    assert rows(read(viewer.get(link(second, "prev")))) == rows(first)
    assert not links(first, "prev")
    assert not links(second, "next")


@pytest.mark.parametrize("asked", ASKED)
def test_figures_and_counts_are_over_all_pages(
    viewer: Client, accounts: list[Account], asked: Asked
) -> None:
    name, query = asked
    keyless("Silent", at(10))
    for number in ("1", "2"):
        page = shown(viewer, name, **query, page=number)
        assert TOTAL in page.amounts()
        assert "53 of 54 accounts are fresh, 1 unknown" in page.text
    assert {"asset": "53 accounts", "pending": "53 in flight"}.get(name, "Silent") in page.text
    assert accounts


@pytest.mark.parametrize("asked", EACH)
def test_a_page_that_is_not_there_is_the_nearest(
    viewer: Client, accounts: list[Account], asked: Asked
) -> None:
    name, query = asked
    assert len(accounts) == 53
    for number, count in (("0", 50), ("-1", 50), ("x", 50), ("²", 50), ("3", 3), ("9" * 99, 50)):
        assert len(rows(shown(viewer, name, **query, page=number))) == count


@pytest.mark.parametrize("asked", ASKED)
def test_no_page_shows_what_is_not_the_readers(
    viewer: Client,
    accounts: list[Account],
    cast: Cast,
    clock: StoppedClock,
    asked: Asked,
) -> None:
    name, query = asked
    clock.now = at(9)
    theirs = [keyless(f"Theirs {number:02}", at(10)) for number in range(60)]
    for account in theirs:
        ownership.transfer(account, cast.other, by=None)
    incoming(theirs, [700] * 60)
    clock.now = at(10, 2)
    for number, mine in (("1", accounts[:50]), ("2", accounts[50:]), ("3", accounts[50:])):
        page = shown(viewer, name, **query, page=number)
        assert rows(page) == [str(account.uid) for account in mine]
        assert "of 53" in page.text
        assert TOTAL in page.amounts()
        assert "Theirs" not in page.text


def test_who_gave_accounts_away_reads_the_pages_of_their_time(
    viewer: Client, accounts: list[Account], cast: Cast, clock: StoppedClock
) -> None:
    for account in accounts[:10]:
        ownership.transfer(account, cast.other, by=None)
    clock.now = at(10, 4)
    for name, query in NOW.items():
        assert len(rows(shown(viewer, name, **query))) == 43
    for name, query in ASKED[2:]:
        past = shown(viewer, name, **query, page="2")
        assert rows(past) == [str(account.uid) for account in accounts[50:]]


@pytest.mark.parametrize("name", NOW)
def test_a_fragment_is_of_the_same_page(viewer: Client, accounts: list[Account], name: str) -> None:
    page = shown(viewer, name, **NOW[name], page="2")
    fragment = page.one("div", id="figures").attributes["hx-get"]
    assert viewer.get(fragment).status_code == 204
    seen(accounts[0], at(10, 5), BTC=(101, 0, 101, 0, 100))
    assert rows(read(viewer.get(fragment))) == rows(page)


@pytest.mark.parametrize("asked", EACH)
def test_who_chooses_other_accounts_begins_with_the_first_page(
    viewer: Client, accounts: list[Account], asked: Asked
) -> None:
    name, query = asked
    keyless("Rehearsal", at(10))
    Account.objects.filter(label="Rehearsal").update(environment="sandbox")
    page = shown(viewer, name, **query, page="2")
    begin = page.elements.index(page.one("form", id="narrow"))
    form = list(takewhile(lambda one: one.tag != "button", page.elements[begin:]))
    sent = {one.attributes["name"] for one in form if one.tag in {"input", "select"}}
    assert sent == {"environment", *query}
    assert accounts


def test_an_owners_sums_are_of_all_that_they_hold_on_whichever_page(
    viewer: Client, accounts: list[Account], cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(9)
    own = keyless("Own", at(10))
    ownership.transfer(own, cast.viewer, by=None)
    seen(own, at(10), BTC=coins(5))
    clock.now = at(10, 2)
    for number in ("1", "2"):
        page = shown(viewer, "asset", asset="BTC", page=number)
        fund = page.text.partition("Accounts that hold it")[2]
        assert "Fund 39.22 99.9 % 0 39.22" in fund
        assert "53 accounts Account" in fund
    assert rows(page)[-1] == str(own.uid)
    assert "Viewer 0.05 0.1 %" in fund
    assert accounts


def test_a_file_is_of_all_pages(viewer: Client, accounts: list[Account]) -> None:
    page = shown(viewer, "history", at=THEN, page="2")
    (file,) = (one for one in page.all("a") if ".csv" in one.attributes["href"])
    answer = viewer.get(file.attributes["href"])
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [one["account"] for one in lines] == [str(account.uid) for account in accounts]


def test_of_very_many_without_a_figure_the_first_are_named_and_all_counted(
    viewer: Client, accounts: list[Account], clock: StoppedClock
) -> None:
    for account in accounts[:22]:
        seen(account, at(10, 5), ETH=coins(1))
    for number in range(22):
        keyless(f"Silent {number:02}", at(10))
    clock.now = at(10, 6)
    page = shown(viewer, "asset", asset="BTC")
    assert "22 accounts held it before and hold none of it now" in page.text
    assert "And 2 more." in page.text
    assert "Silent 19 and 2 more. No balance of them has been seen" in page.text
    assert "Silent 20" not in page.text
