"""Thousands of assets are shown a hundred a page; what is counted and added up is of all."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import Page, read

#: So many that pages with a row for each would be several megabytes.
COUNT = 1_200
MOST_BYTES = 400_000


@pytest.fixture
def crowded(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> Account:  # noqa: ARG001
    StoppedClock(monkeypatch, at(10, 1))
    account = keyless("Airdrops", at(10))
    assets = {f"T{number:04}": coins(number + 1) for number in range(COUNT)}
    seen(account, at(10), BTC=coins(7), **assets)
    return account


def shown(viewer: Client, url: str, **query: str) -> Page:
    answer = viewer.get(url, query)
    assert answer.status_code == 200
    assert len(answer.content) < MOST_BYTES, url
    return read(answer)


def rows(page: Page) -> list[str]:
    ids = (one.attributes["id"] for one in page.all("tbody", class_="group"))
    return [one.split(":")[-1].removeprefix("row-") for one in ids if "account:" not in one]


def names(first: int, last: int) -> list[str]:
    return [f"T{number:04}" for number in range(first, last)]


def test_pages_with_assets_show_a_hundred_and_lead_on(viewer: Client, crowded: Account) -> None:
    then = {"at": "2026-03-02T10:00:30Z"}
    account = reverse("account", args=[crowded.uid])
    for url, query in (
        (reverse("overview"), {}),
        (reverse("overview-figures"), {}),
        (account, {}),
        (reverse("account-figures", args=[crowded.uid]), {}),
        (reverse("overview"), then),
        (account, then),
        (reverse("history"), then),
    ):
        page = shown(viewer, url, **query)
        assert rows(page) == ["BTC", *names(0, 99)], url
        assert "1 to 100 of 1,201" in page.text
        page = shown(viewer, url, **query, assets_page="13")
        assert rows(page) == names(1199, 1200), url
        assert "1,201 to 1,201 of 1,201" in page.text


def test_the_way_to_the_next_page_keeps_what_was_asked(viewer: Client, crowded: Account) -> None:
    page = shown(viewer, reverse("overview"), range="24h", owner="", asset="T0500")
    (after,) = (a.attributes["href"] for a in page.all("a", rel="next"))
    assert after.endswith("#assets-production-block")
    after = after.split("#")[0]
    assert "range=24h" in after
    assert "asset=T0500" in after
    second = read(viewer.get(after))
    assert rows(second) == names(99, 199)
    assert crowded.label in second.text


@pytest.mark.usefixtures("crowded")
def test_totals_headline_and_counts_are_of_all(viewer: Client) -> None:
    page = shown(viewer, reverse("overview"), asset="T1199", kind="production")
    assert "T1199" in page.text  # the headline is of an asset that the first page has not
    assert "12.00" in page.amounts()
    assert f"{COUNT + 1} assets" in page.text
    assert f"Search finds {COUNT + 1 - 100} more by name." in page.text


def test_an_open_row_says_how_many_more_there_are(viewer: Client, crowded: Account) -> None:
    page = shown(viewer, reverse("account-parts", args=[crowded.uid]))
    assert f"Show all {COUNT + 1} assets: {COUNT + 1 - 100} more are not in this list." in (
        page.text.replace(" :", ":")
    )


@pytest.mark.usefixtures("crowded")
def test_only_rows_that_are_shown_are_told_how_they_moved(viewer: Client) -> None:
    page = shown(viewer, reverse("overview"), assets_page="3")
    (url,) = (one.attributes["hx-get"] for one in page.all("div", id="changes"))
    cells = viewer.get(url)
    assert len(cells.content) < MOST_BYTES
    keys = [one.attributes["data-row"] for one in read(cells).all("tr") if one.attributes]
    assert sorted(keys) == [f"production:{name}" for name in names(199, 299)]


def test_a_few_assets_are_one_page_as_ever(viewer: Client, monkeypatch: Any) -> None:
    StoppedClock(monkeypatch, at(10, 1))
    seen(keyless("Vault", at(10)), at(10), BTC=coins(1), ETH=coins(2))
    page = shown(viewer, reverse("overview"), assets_page="9")
    assert rows(page) == ["BTC", "ETH"]
    assert not page.all("nav", class_="pages")
