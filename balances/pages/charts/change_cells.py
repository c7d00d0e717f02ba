"""From movements to the cells of tables, formatted for the reader."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from balances.core.amounts import Amount, plain_decimal
from balances.core.intervals import Spans
from balances.pages.charts.sparkline import sparkline
from balances.pages.components.changes import Change, Moved
from balances.pages.components.tables import PartMoved
from balances.portfolio.change import PERIODS, Between
from balances.portfolio.holding_changes import Earlier
from balances.portfolio.levels_at import Asset
from balances.portfolio.members import Held
from balances.portfolio.movements import Movement, movements
from balances.portfolio.scope import Scope


def cells(
    scope: Scope, at: datetime, is_shown: Callable[[Asset], bool] = lambda _: True
) -> dict[Asset, Moved]:
    """Return the cells of the assets in the totals of a scope that are shown, by kind and name."""
    found = movements(scope, [at - length for _, length in PERIODS], at)
    return {one: moved(movement, one[1]) for one, movement in found.items() if is_shown(one)}


def moved(movement: Movement, asset: str) -> Moved:
    """Return the cells of one asset."""
    level = movement.level
    return Moved(
        of=plain_decimal(level.total, level.scale),
        changes=_changes(movement.changes),
        sparkline=sparkline(movement.points, asset),
    )


def part_cells(spans: Spans, held: Sequence[Held], at: datetime) -> PartMoved:
    """Return what tells how each of some holdings moved by itself, within these spans."""
    assets = {one.asset for one in held}
    found = Earlier.of(
        spans,
        {one.account.pk for one in held},
        [at - length for _, length in PERIODS],
        at,
        assets.pop() if len(assets) == 1 else None,
    )
    return lambda one: _part(found, one)


def _part(earlier: Earlier, held: Held) -> Moved:
    moved = earlier.moved((held.account.pk, held.asset), held.level)
    return Moved(
        of=plain_decimal(held.level.total, held.level.scale),
        changes=_changes(moved),
        has_course=False,
    )


def _changes(moved: Iterable[Between]) -> tuple[Change, ...]:
    return tuple(change(words, one) for (words, _), one in zip(PERIODS, moved, strict=True))


def change(period: str, one: Between) -> Change:
    """Return a change as a cell shows it."""
    if one.change is None:
        return Change(period, None, one.direction, one.note)
    amount = Amount.moved(one.change.total, one.change.scale)
    return Change(period, amount, one.direction, one.note, one.share)
