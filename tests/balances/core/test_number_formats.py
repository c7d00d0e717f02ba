"""Numbers have the separators of the reader's locale; what is copied and in files stays plain."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Account
from balances.core import number_formats
from balances.core.amounts import Amount
from balances.polling import refreshes
from tests.conftest import Cast, Simulator
from tests.support.history import coins
from tests.support.markup import read

WEI = 10**18


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("", "1,234,567.50"),
        ("en-GB,en;q=0.9", "1,234,567.50"),
        ("de-DE,de;q=0.9,en;q=0.8", "1.234.567,50"),
        ("de", "1.234.567,50"),
        ("de-CH", "1'234'567.50"),
        ("fr-FR", "1\u202f234\u202f567,50"),
        ("en-IN", "12,34,567.50"),
        ("ar-EG", "1,234,567.50"),
        ("xx-XX", "1,234,567.50"),
        ("*", "1,234,567.50"),
        ("../../etc", "1,234,567.50"),
        ("d" * 100_000, "1,234,567.50"),
    ],
)
def test_a_number_is_written_as_the_first_language_has_it(wanted: str, text: str) -> None:
    with number_formats.using(number_formats.of_languages(wanted)):
        assert number_formats.written("1234567.50") == text
        assert number_formats.written("-1234567.50") == f"-{text}"
        assert number_formats.written("0.50")[0] == "0"
        assert number_formats.whole(12) == "12"
    assert number_formats.written("1234567.50") == "1,234,567.50"


@pytest.mark.parametrize(
    ("base_units", "scale", "short"),
    [
        (123_456_789, 10**8, "1.23456789"),
        (3_329_112_287_870, 10**8, "33,291.12287870"),
        (11_091_035_138_743, 10**8, "110,910.351387…"),
        (18_901_190 * WEI + 555_914_440_000_000_001, WEI, "18,901,190.555…"),
        (751_300_506 * WEI + 614_321_530_000_000_001, WEI, "751,300,506.61…"),
        (10**30 * WEI + 1, WEI, f"{10**30:,}.00…"),
        (2**256, 1, f"{2**256:,}"),
        (-751_300_506 * WEI - WEI // 2, WEI, "-751,300,506.50"),
        (123, WEI, "0.00000000000000012…"),
    ],
)
def test_a_cell_has_as_many_places_as_fit_one_line(base_units: int, scale: int, short: str) -> None:
    """The whole part is never cut: another number would stand there."""
    shown = Amount.of(base_units, scale)
    assert shown.short == short
    assert shown.exact.replace(".", "").lstrip("-0") == str(abs(base_units)).lstrip("0")


def test_pages_follow_and_what_is_copied_does_not(
    cast: Cast, custody: Account, simulator: Simulator, browser_of: Any
) -> None:
    simulator.holds("Custody", BTC=coins(123_456_789_012))
    refreshes.refresh_now([custody])
    browser = browser_of(cast.viewer)
    for wanted, text in (("de-DE", "1.234.567.890,12"), ("en-GB", "1,234,567,890.12")):
        for path in (reverse("overview"), reverse("account", args=[custody.uid])):
            answer = browser.get(path, headers={"accept-language": wanted})
            page = read(answer)
            amounts = page.all("span", class_="amount")
            found = [e for e in amounts if e.attributes["title"].startswith(text)]
            assert found, (wanted, path)
            assert {e.attributes["data-exact"] for e in found} == {"1234567890.12"}
