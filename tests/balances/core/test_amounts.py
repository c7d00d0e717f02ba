"""Amounts: integers in, exact text out, at any size and scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balances.core.amounts import Amount, Level, base_units_of, digits_of, plain_decimal, shortened
from balances.core.number_formats import written

scales = st.integers(0, 30).map(lambda places: 10**places)
units = st.integers(-(2**257), 2**257)


@pytest.mark.parametrize(
    ("base_units", "scale", "text"),
    [
        (0, 1, "0"),
        (0, 100, "0.00"),
        (5, 100, "0.05"),
        (-5, 100, "-0.05"),
        (123_456, 100, "1234.56"),
        (-100, 100, "-1.00"),
        (7, 1, "7"),
        (1, 10**18, "0.000000000000000001"),
        (2**256, 10**18, f"{2**256 // 10**18}.{2**256 % 10**18:018}"),
    ],
)
def test_a_plain_decimal_has_every_place_of_its_scale(
    base_units: int, scale: int, text: str
) -> None:
    assert plain_decimal(base_units, scale) == text


@given(units, scales)
def test_a_plain_decimal_reads_back_exactly(base_units: int, scale: int) -> None:
    assert base_units_of(plain_decimal(base_units, scale)) == (base_units, scale)


@pytest.mark.parametrize("scale", [0, -10, 5, 20, 101, 11])
def test_what_is_no_power_of_ten_is_refused(scale: int) -> None:
    with pytest.raises(ValueError, match="power of ten"):
        digits_of(scale)


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        ("0", "0"),
        ("999", "999"),
        ("1000", "1,000"),
        ("-1000.50", "-1,000.50"),
        ("-0.05", "-0.05"),
        ("1234567.000001", "1,234,567.000001"),
    ],
)
def test_thousands_are_grouped_in_the_whole_part_only(plain: str, text: str) -> None:
    assert written(plain) == text


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("1.12345678", "1.12345678"),
        ("1.1234567800", "1.12345678"),
        ("1.123456789", "1.12345678…"),
        ("0.000000000000000001", "0.000000000000000001"),
        ("-0.00000000012345", "-0.00000000012…"),
        ("0.000000000100", "0.00000000010"),
        ("0.000000000000", "0.00000000"),
        ("12", "12"),
    ],
)
def test_a_long_fraction_is_cut_and_an_ellipsis_says_what_is_hidden(text: str, short: str) -> None:
    assert shortened(text) == short


def test_an_amount_shows_itself_exactly_in_full_and_short() -> None:
    amount = Amount.of(1_234_000_000_000_000_000_001, 10**18)
    assert amount.exact == "1234.000000000000000001"
    assert (amount.text, amount.short) == ("1,234.000000000000000001", "1,234.00000000…")
    assert (amount.is_cut, amount.is_zero) == (True, False)
    assert Amount.of(0, 10).is_zero


def test_what_is_not_zero_never_looks_like_zero() -> None:
    amount = Amount.of(1, 10**18)
    assert (amount.is_zero, amount.short) == (False, "0.000000000000000001")


@given(units, scales, units, scales)
def test_levels_of_different_scales_add_and_subtract_exactly(
    a: int, a_scale: int, b: int, b_scale: int
) -> None:
    left, right = Level(a, -a, 0, 1, a_scale), Level(b, b, 2, 0, b_scale)
    total = left + right
    assert total.scale == max(a_scale, b_scale)
    assert total.total * a_scale * b_scale == (a * b_scale + b * a_scale) * total.scale
    assert (total - right).at_scale(total.scale) == left.at_scale(total.scale)


def test_a_level_is_never_made_coarser() -> None:
    with pytest.raises(ValueError, match="finer"):
        Level(15, 0, 0, 0, 100).at_scale(10)


@pytest.mark.parametrize(
    ("base_units", "scale", "short"),
    [
        (50, 100, "+0.5"),
        (-50, 100, "-0.5"),
        (0, 100, "0"),
        (-7_00, 100, "-7"),
        (123_456_789, 10**6, "+123.456…"),
        (12_345_678_90, 100, "+12,345,678…"),
        (12_345_678_00, 100, "+12,345,678"),
        (1, 10**18, "+0.000000000000000001"),
        (-123_456, 10**12, "-0.00000012…"),
    ],
)
def test_a_change_has_its_sign_and_only_the_places_that_tell(
    base_units: int, scale: int, short: str
) -> None:
    found = Amount.moved(base_units, scale)
    assert found.short == short
    assert found.exact == ("+" if base_units > 0 else "") + plain_decimal(base_units, scale)
