"""Two accounts, two owners or two tags beside each other, now or as of an instant."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from django.urls import reverse

from balances.pages.as_of.instant import AsOf
from balances.pages.compare import overlay
from balances.pages.compare.context import ComparePage, SideNote
from balances.pages.compare.names import naming
from balances.pages.compare.query import Question, sides_asked
from balances.pages.compare.rows import (
    Columns,
    Row,
    assets_in,
    drawn,
    partial_note,
    tables,
    unknown_note,
)
from balances.pages.compare.sides import Side, Told, account_side, group_side, less
from balances.pages.components.tables import page_of
from balances.portfolio.filters import PERSON_NAMES
from balances.portfolio.levels_at import Asset
from balances.portfolio.members import Member, owner_name

_HINTS = {
    "accounts": "Choose two accounts to see what each holds and by how much they differ.",
    "owners": "Choose two owners to see what each holds and by how much they differ.",
    "tags": "Choose two tags to see what their accounts hold and by how much they differ.",
}
_COLUMNS = Columns(("A", "B", "Difference"), frozenset({2}))


def compare_page(of: Question, asked: AsOf) -> ComparePage:
    """Return the comparison; until both sides are chosen, the form. Raise `NoSideError`."""
    sides = [_side(of, asked, of.text[name]) for name in ("a", "b") if name in of.text]
    selects, named = sides_asked(of, asked), naming(of, asked)
    form = ComparePage(of.by, of.tabs, selects, (), of.kept, named)
    if len(sides) == 2:
        return _compared(of, asked, sides, form)
    if form.is_wrong:
        return form
    count = named.count if named else len(selects[0].options) - 1
    return replace(form, hint=_HINTS[of.by] if count > 1 else _too_few(of))


def _too_few(of: Question) -> str:
    return f"There are no two {of.by} to compare."


def _side(of: Question, asked: AsOf, value: str) -> Side:
    if of.by == "accounts":
        return account_side(of.user, value, asked)
    return group_side(of.user, **{of.by.removesuffix("s"): value})


def _compared(of: Question, asked: AsOf, sides: Sequence[Side], form: ComparePage) -> ComparePage:
    members = [side.now(asked) for side in sides]
    found = [Told.by(one) for one in members]
    rows = _rows(found)
    shown = drawn(of, list(rows))
    names = [_name(of, one, of.text[key]) for one, key in zip(members, "ab", strict=True)]
    return replace(
        form,
        sides=tuple(
            SideNote(letter, name, _url(of, one, key, asked), _notes(one))
            for letter, key, name, one in zip("AB", "ab", names, members, strict=True)
        ),
        heads=_COLUMNS.heads,
        tables=tables(of, rows, _COLUMNS, shown),
        overlay=overlay.of_sides(of, asked, sides, shown) if shown else None,
        hint="" if rows else "Neither holds anything that is known.",
    )


def _notes(members: Sequence[Member]) -> tuple[str, ...]:
    return (
        *unknown_note([one.account.label for one in members if not one.is_known]),
        *partial_note([one.account.label for one in members if one.stand.is_partial]),
    )


def _rows(found: Sequence[Told]) -> dict[Asset, Row]:
    assets = assets_in(told.levels for told in found)
    pairs = {asset: [told.of(asset) for told in found] for asset in assets}
    return {one: (*pair, less(*pair)) for one, pair in pairs.items()}


def _name(of: Question, members: Sequence[Member], value: str) -> str:
    if of.by == "accounts":
        return f"{members[0].account.label} · {owner_name(members[0].owner)}"
    if of.by == "tags":
        return value
    owners = {owner_name(one.owner) if one.kind == "Organization" else one.kind for one in members}
    return next(iter(owners), PERSON_NAMES.get(value, "Personal"))


def _url(of: Question, members: Sequence[Member], key: str, asked: AsOf) -> str:
    if of.by == "accounts":
        return page_of(members[0])
    query = {of.by.removesuffix("s"): of.text[key], **asked.query}
    return f"{reverse('overview')}?{urlencode(query)}"
