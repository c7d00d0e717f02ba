"""Amounts: integer base units in, exact text out. No float and no division on the way."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from balances.core.number_formats import written

#: Longest fraction that a table cell shows before it is cut with an ellipsis, the one that stays of
#: any amount, and the digits that fit: fewer in a large amount, which has separators too.
SHORT_FRACTION = 8
LEAST_FRACTION = 2
SHORT_DIGITS = 13
#: So many digits of a change fit a narrow cell.
NARROW_DIGITS = 6


def digits_of(scale: int) -> int:
    """Return how many decimal places `scale` (base units in one unit, a power of ten) has."""
    text = str(scale)
    if scale < 1 or text.strip("0") != "1":
        raise ValueError(f"a scale is a power of ten, not {text[:40]}")
    return len(text) - 1


def plain_decimal(base_units: int, scale: int) -> str:
    """Return an amount of `base_units` in units: `-1234.50`, with exactly log10(scale) places."""
    places = digits_of(scale)
    sign = "-" if base_units < 0 else ""
    digits = str(abs(base_units)).rjust(places + 1, "0")
    if not places:
        return f"{sign}{digits}"
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def base_units_of(plain: str) -> tuple[int, int]:
    """Return the base units of a plain decimal, and the scale that its places imply."""
    whole, _, fraction = plain.partition(".")
    return int(whole + fraction), 10 ** len(fraction)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount ready to be shown: `exact` to copy, `text` in full, `short` for a table cell."""

    exact: str
    text: str
    short: str
    is_zero: bool

    @classmethod
    def of(cls, base_units: int, scale: int) -> "Amount":
        """Format `base_units` of an asset with `scale` base units in one unit."""
        exact = plain_decimal(base_units, scale)
        # Zero is one digit in every cell, however many places its asset has.
        short = shortened(exact) if base_units else "0"
        return cls(exact, written(exact), short, base_units == 0)

    @classmethod
    def signed(cls, base_units: int, scale: int) -> "Amount":
        """Format a change or a difference, with its sign."""
        plain = Amount.of(base_units, scale)
        sign = "+" if base_units > 0 else ""
        return cls(sign + plain.exact, sign + plain.text, sign + plain.short, plain.is_zero)

    @classmethod
    def moved(cls, base_units: int, scale: int) -> "Amount":
        """Format a change with its sign for a narrow cell: without the zeros at its end."""
        whole = Amount.signed(base_units, scale)
        sign = "+" if base_units > 0 else ""
        return replace(whole, short=sign + narrowed(plain_decimal(base_units, scale)))

    @property
    def is_cut(self) -> bool:
        """Whether `short` hides digits that are not zero."""
        return self.short.endswith("…")


def shortened(plain: str) -> str:
    """Write an amount for a table cell: its whole part in full, its fraction as far as fits.

    An ellipsis says that digits other than zero were cut. What is kept of an amount below one is
    never nothing but zeros.
    """
    whole, _, fraction = plain.partition(".")
    digits = len(whole.lstrip("-"))
    fits = SHORT_DIGITS - digits - max(0, (digits - 4) // 2)
    room = max(LEAST_FRACTION, min(SHORT_FRACTION, fits), _telling(whole, fraction))
    if len(fraction) <= room:
        return written(plain)
    cut = "…" if fraction[room:].strip("0") else ""
    return written(f"{whole}.{fraction[:room]}") + cut


def narrowed(plain: str) -> str:
    """Leave out zeros at the end of a fraction, and cut it to what a narrow cell has room for.

    An ellipsis says that other digits were cut. What is kept is never nothing but zeros.
    """
    whole, _, fraction = plain.partition(".")
    fraction = fraction.rstrip("0")
    digits = sum(one.isdigit() for one in whole)
    room = max(0, NARROW_DIGITS - digits, _telling(whole, fraction))
    cut = "…" if len(fraction) > room else ""
    return written(f"{whole}.{fraction[:room]}".rstrip(".")) + cut


def _telling(whole: str, fraction: str) -> int:
    """Return how many places of an amount below one reach its second digit that is not zero."""
    if whole.strip("-") != "0" or not fraction.strip("0"):
        return 0
    return len(fraction) - len(fraction.lstrip("0")) + 2


@dataclass(frozen=True, slots=True)
class Level:
    """The four amounts of one asset, integer base units; addition brings scales together."""

    total: int
    available: int
    pending_in: int
    pending_out: int
    scale: int

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is held and nothing is on its way."""
        return not (self.total or self.available or self.pending_in or self.pending_out)

    def at_scale(self, scale: int) -> "Level":
        """Express the same amounts with `scale`, which must not be smaller than the present one."""
        factor, rest = divmod(scale, self.scale)
        if rest or factor < 1:
            raise ValueError("a level is only ever expressed in finer base units")
        return Level(
            self.total * factor,
            self.available * factor,
            self.pending_in * factor,
            self.pending_out * factor,
            scale,
        )

    def __add__(self, other: "Level") -> "Level":
        scale = max(self.scale, other.scale)
        a, b = self.at_scale(scale), other.at_scale(scale)
        return Level(
            a.total + b.total,
            a.available + b.available,
            a.pending_in + b.pending_in,
            a.pending_out + b.pending_out,
            scale,
        )

    def __neg__(self) -> "Level":
        return Level(-self.total, -self.available, -self.pending_in, -self.pending_out, self.scale)

    def __sub__(self, other: "Level") -> "Level":
        return self + -other


class Reached(NamedTuple):
    """The level at a point in time, and the extremes of the total since the point before."""

    level: Level
    low: int
    high: int
