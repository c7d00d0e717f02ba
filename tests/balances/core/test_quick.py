"""What is made once and kept is what the templates make, and never another row's."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.test import Client

from balances.core.amounts import Amount
from balances.pages.components import times
from balances.templatetags import tables
from tests.conftest import Cast
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import shown


@pytest.mark.parametrize("units", [0, 7, -1, 10**30, 123_456_789_012_345_678_901])
@pytest.mark.parametrize("scale", [1, 10**8, 10**18])
def test_amounts_are_as_in_the_template(units: int, scale: int) -> None:
    one = Amount.of(units, scale)
    for quiet, made in ((False, tables.amount(one)), (True, tables.amount_or_zero(one))):
        context = {"amount": one, "quiet": quiet}
        assert made == render_to_string("components/_amount.html", context)


def test_nothing_in_an_amount_is_markup() -> None:
    one = replace(Amount.of(1, 1), exact='"', text="<b>", short="&")
    assert tables.amount(one) == render_to_string("components/_amount.html", {"amount": one})


def test_a_row_that_is_kept_is_made_anew_when_anything_of_it_changes(
    cast: Cast, browser_of: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = StoppedClock(monkeypatch, at(10, 1))
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(100))
    viewer, operator = browser_of(cast.viewer), browser_of(cast.operator)  # type: ignore[operator]
    assert "1.00" in shown(viewer, "overview").amounts()
    assert not _buttons(viewer)
    assert _buttons(operator)
    assert not _buttons(viewer)
    clock.now += timedelta(minutes=4)
    seen(vault, at(10, 5), BTC=coins(300))
    assert "3.00" in shown(viewer, "overview").amounts()
    assert "1.00" not in shown(viewer, "overview").amounts()
    assert times.ago(timedelta(0)) in shown(viewer, "overview").text


def _buttons(browser: Client) -> list[object]:
    found = shown(browser, "overview").all("button")
    return [one for one in found if "data-refresh" in one.attributes]


@pytest.mark.parametrize(
    ("length", "held", "in_flight"),
    [
        (21, "", ""),
        (22, "", " is-long"),
        (29, " is-long", " is-longer"),
        (47, " is-over", " is-over"),
    ],
)
def test_a_longer_amount_is_smaller_on_paper(length: int, held: str, in_flight: str) -> None:
    text = "1" * length
    assert [tables.on_paper(text, column) for column in (1, 2)] == [held, held]
    assert [tables.on_paper(text, column) for column in (3, 4)] == [in_flight, in_flight]
