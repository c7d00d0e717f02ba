"""What tables have a thousand of, without an include for each.

A row is made once for everything that it says and kept in this process: the next page, whoever's it
is, only makes the rows that have changed. What it says is all that it depends on.
"""

from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import get_template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from balances.core.amounts import Amount
from balances.pages.components.context import AccountRow, AssetRow, Band

register = template.Library()

#: About two kilobytes each.
_KEPT_ROWS = 4096
_ZERO = SafeString('<span class="none">0</span>')


@register.filter
@lru_cache(maxsize=_KEPT_ROWS)
def amount(shown: Amount) -> SafeString:
    """Return what `_amount.html` makes of an amount alone."""
    exact, text, short = escape(shown.exact), escape(shown.text), escape(shown.short)
    return mark_safe(  # noqa: S308 - each part is escaped
        f'<span class="amount" role="button" tabindex="0" data-exact="{exact}"'
        f' title="{text}">{short}</span>'
    )


@register.filter
def amount_or_zero(shown: Amount) -> SafeString:
    """Return the same with a quiet zero, which nothing needs to copy."""
    return _ZERO if shown.is_zero else amount(shown)


#: Characters that are one line in a statement on paper, at ever smaller sizes.
_HELD, _IN_FLIGHT = (28, 36, 46), (21, 26, 33)


@register.filter
def on_paper(text: str, column: int) -> str:
    """Return what makes an amount in a column of a statement fit it in one line on paper."""
    sizes = _HELD if column <= 2 else _IN_FLIGHT
    kinds = ("", " is-long", " is-longer", " is-over")
    return kinds[sum(len(text) > size for size in sizes)]


@register.simple_tag(takes_context=True)
def account_lines(context: dict[str, Any], row: AccountRow) -> SafeString:
    """Return a row of the table of accounts, with what it opens into."""
    return _lines("accounts/_row.html", row, _band_of(context), plain=False)


@register.simple_tag(takes_context=True)
def asset_lines(context: dict[str, Any], row: AssetRow) -> SafeString:
    """Return a row of a table of assets, with what it opens into."""
    plain = bool(context.get("plain"))
    return _lines("components/_asset_row.html", row, _band_of(context), plain=plain)


def _band_of(context: dict[str, Any]) -> Band | None:
    band: Band | None = context.get("band")
    # Only on a page of the past do a row's links depend on it.
    return band if band and band.is_past else None


def _lines(name: str, row: AccountRow | AssetRow, band: Band | None, *, plain: bool) -> SafeString:
    # An open row may have thousands of parts.
    make = _made if row.parts else _kept
    return make(name, row, band, plain=plain)


def _made(name: str, row: AccountRow | AssetRow, band: Band | None, *, plain: bool) -> SafeString:
    return SafeString(get_template(name).render({"row": row, "band": band, "plain": plain}))


_kept = lru_cache(maxsize=_KEPT_ROWS)(_made)
