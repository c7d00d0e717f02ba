"""Zeros, changes and instants are written in one way wherever they stand below each other."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from balances.core.amounts import Amount
from balances.core.percent import growth
from balances.pages.as_of.instant import long_text
from balances.templatetags.addresses import breakable
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import Page, read, shown


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 16))


@pytest.fixture
def vault(viewer: Client, clock: StoppedClock) -> Account:  # noqa: ARG001
    account = keyless("Vault", at(10))
    seen(account, at(10), AAVE=coins(5), BTC=coins(200), ETH=coins(7, 10**18), QRDO=coins(3, 1))
    held = {"BTC": coins(100), "ETH": coins(0, 10**18), "QRDO": coins(0, 1)}
    seen(account, at(10, 15), **held)
    return account


def assets(page: Page) -> list[str]:
    return [one.text.strip() for one in page.all("bdi", class_="asset")]


@pytest.mark.parametrize("scale", [1, 10**8, 10**18])
def test_a_zero_is_one_digit_in_every_cell(scale: int) -> None:
    zero = Amount.of(0, scale)
    assert (zero.short, Amount.moved(0, scale).short, Amount.signed(0, scale).short) == ("0",) * 3
    assert len(zero.exact.partition(".")[2]) == len(str(scale)) - 1  # copied in full


def test_what_is_gone_stands_last_and_says_so(viewer: Client, vault: Account) -> None:
    page = shown(viewer, "account", vault)
    assert assets(page) == ["BTC", "AAVE", "ETH", "QRDO"]
    assert "Gone from Qredo's answer, so it is zero" in page.text
    assert {one.text.strip() for one in page.all("span", class_="none")} == {"0"}
    assert assets(shown(viewer, "overview")) == ["BTC", "AAVE", "ETH", "QRDO"]


def test_a_comparison_writes_zero_in_one_way(viewer: Client, vault: Account) -> None:
    other = keyless("Other", at(10))
    seen(other, at(10, 15), BTC=coins(100), ETH=coins(9, 10**18), QRDO=coins(4, 1))
    query = {"by": "accounts", "a": str(vault.uid), "b": str(other.uid)}
    page = read(viewer.get(reverse("compare"), query))
    assert "\u2013" not in page.text
    assert " none " not in page.text
    zeros = [one.text for one in page.all("span", class_="amount") if not int_of(one.attributes)]
    assert zeros
    assert set(zeros) == {"0"}
    assert "-0.000000000000000009" in {
        one.attributes["title"] for one in page.all("span") if "title" in one.attributes
    }


def int_of(attributes: dict[str, str]) -> int:
    return int(attributes["data-exact"].replace(".", ""))


def test_a_change_has_its_sign_everywhere(
    viewer: Client,
    vault: Account,  # noqa: ARG001
    clock: StoppedClock,
) -> None:
    clock.now = at(12, day=3)
    query = {"asset": "BTC", "kind": "production", "at": "2026-03-03T10:12:00Z"}
    for page in (
        read(viewer.get(reverse("overview"), {**query, "changes": "shown"})),
        read(viewer.get(reverse("asset"), query)),
    ):
        moved = [text for text in page.amounts() if text.startswith(("+", "-"))]
        assert moved
        assert "-1.00" in moved
        assert "1.00" in page.amounts()  # a level has none
        assert "-50.00 %" in page.text
        assert " 50.00 %" not in page.text


@pytest.mark.parametrize(
    ("change", "words"),
    [(71, "+0.71 %"), (-71, "-0.71 %"), (0, "0.00 %"), (1, "+0.01 %")],
)
def test_growth_has_its_sign(change: int, words: str) -> None:
    assert growth(change, 10_000) == words


def test_growth_that_rounds_to_nothing_is_not_nothing() -> None:
    assert (growth(1, 10**9), growth(-1, 10**9)) == ("< +0.01 %", "> -0.01 %")


def test_parts_of_a_second_have_six_places() -> None:
    with timezone.override("UTC"):
        told = [long_text(at(9, 34, 11).replace(microsecond=part)) for part in (206_190, 657_370)]
        assert [one.split(", ")[1] for one in told] == [
            "09:34:11.206190 UTC",
            "09:34:11.657370 UTC",
        ]
        assert long_text(at(10)).endswith("10:00 UTC")


def test_figures_that_one_poll_saw_are_of_one_instant(viewer: Client, vault: Account) -> None:
    page = shown(viewer, "account", vault)
    seen_once = "One poll saw these figures so far, at 2 March 2026, 10:15 UTC: one is made every"
    assert seen_once in page.text
    assert "to 2 March 2026, 10:15 UTC saw these figures" not in page.text


def test_available_above_the_total_is_explained_where_it_stands(
    viewer: Client, clock: StoppedClock
) -> None:
    account = keyless("Vault", at(10))
    clock.now = at(10, 1)
    seen(account, at(10), BTC=(90, 100, 0, 10, 100))
    for page in (
        shown(viewer, "overview"),
        read(viewer.get(reverse("asset"), {"asset": "BTC", "kind": "production"})),
    ):
        notes = [one.attributes["title"] for one in page.all("span", class_="aside")]
        assert any("available can exceed the total" in note for note in notes)
    heads = shown(viewer, "account", account).all("th", scope="col")
    told: Any = {one.text: one.attributes.get("title", "") for one in heads}
    assert "available can exceed the total" in told["Available"]


def test_a_long_address_breaks_at_its_joints_and_stays_text() -> None:
    assert breakable("a<b@demo.example") == "a&lt;b@<wbr>demo<wbr>.example"
