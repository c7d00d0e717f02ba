"""How the parts of open rows moved: the accounts of an asset, the assets of an account."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from accounts.models import User
from balances.pages.charts.change_cells import part_cells
from balances.pages.components.context import AccountRow, Part
from balances.pages.components.tables import MOST_PARTS, PartMoved
from balances.portfolio.members import Held, Member
from balances.portfolio.scope import Scope
from balances.portfolio.totals import Total


def of_assets(
    scope: Scope, found: Iterable[Total], opened: Collection[str], at: datetime
) -> PartMoved | None:
    """Return what tells how the parts of open assets moved; nothing, where none is open."""
    shown = [one for one in found if f"{one.kind}:{one.asset}" in opened]
    held = [held for one in shown for _, held in one.holders[:MOST_PARTS]]
    return part_cells(scope.spans(in_totals=True), held, at) if held else None


def of_accounts(
    user: User, held: Sequence[Member], rows: list[AccountRow], at: datetime
) -> list[AccountRow]:
    """Let the assets of open accounts say how they moved."""
    opened = [one for one, row in zip(held, rows, strict=True) if row.parts]
    if not opened:
        return rows
    spans = Scope(user, only=frozenset(one.account.pk for one in opened)).spans()
    shown = [one for member in opened for one in member.holdings[:MOST_PARTS]]
    part_moved = part_cells(spans, shown, at)
    return [
        replace(row, parts=_moved(row.parts, one.holdings[:MOST_PARTS], part_moved))
        if row.parts
        else row
        for one, row in zip(held, rows, strict=True)
    ]


def _moved(parts: Iterable[Part], held: Iterable[Held], part_moved: PartMoved) -> tuple[Part, ...]:
    # Of more than is shown, the first are.
    return tuple(
        replace(part, moved=part_moved(one)) for part, one in zip(parts, held, strict=False)
    )
