"""How numbers are written for the reader of this request: separators by their locale.

Kept beside the call, as the time zone is: what a page shows is written in many places, and none of
them has the request. Files, commands and what is copied stay plain: `1234.50`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol, get_group_symbol


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A decimal mark, a thousands separator, and how many digits are in the groups.

    `groups` are those next to the decimal mark and all others: (3, 3), in India (3, 2).
    """

    decimal: str = "."
    group: str = ","
    groups: tuple[int, int] = (3, 3)


ENGLISH = NumberFormat()
_current: ContextVar[NumberFormat] = ContextVar("number format", default=ENGLISH)


def current() -> NumberFormat:
    """Return the format of the reader at hand."""
    return _current.get()


@contextmanager
def using(number_format: NumberFormat) -> Iterator[None]:
    """Write numbers of this block in a format."""
    token = _current.set(number_format)
    try:
        yield
    finally:
        _current.reset(token)


@lru_cache(maxsize=500)
def of_languages(wanted: str) -> NumberFormat:
    """Return the format of the first locale that an `Accept-Language` header names."""
    first = wanted[:200].split(",", maxsplit=1)[0].split(";", maxsplit=1)[0].strip()
    try:
        locale = Locale.parse(first, sep="-")
    except (ValueError, UnknownLocaleError, TypeError):
        return ENGLISH
    groups: Sequence[int] = locale.decimal_formats[None].grouping
    # Digits are 0 to 9 in every locale, so the marks are those that go with them.
    return NumberFormat(
        get_decimal_symbol(locale, numbering_system="latn"),
        get_group_symbol(locale, numbering_system="latn"),
        (groups[0], groups[1]),
    )


def written(plain: str) -> str:
    """Return a plain decimal as the reader writes it: `1,234.50` of `1234.50`. Exact."""
    style = current()
    whole, dot, fraction = plain.partition(".")
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    mark = style.decimal if dot else ""
    return f"{sign}{style.group.join(_grouped(whole, style.groups))}{mark}{fraction}"


def whole(number: int) -> str:
    """Return a whole number as the reader writes it."""
    return written(str(number))


def _grouped(digits: str, groups: tuple[int, int]) -> list[str]:
    found: list[str] = []
    size = groups[0]
    while len(digits) > size:
        found.append(digits[-size:])
        digits, size = digits[:-size], groups[1]
    return [digits, *reversed(found)]
