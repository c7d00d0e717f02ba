"""Two lines of one asset in one drawing: two sides at the same instants, or two periods aligned."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from balances.core.amounts import Level, plain_decimal
from balances.pages.as_of.instant import AsOf
from balances.pages.charts import ranges
from balances.pages.charts.ranges import Range
from balances.pages.compare.context import Overlay, OverlayRow
from balances.pages.compare.query import Question
from balances.pages.compare.rows import Columns
from balances.pages.compare.sides import Side, less
from balances.pages.components import times
from balances.pages.components.context import Choice
from balances.portfolio.levels_at import Asset
from balances.series.points import Point, evenly

#: Points of each line, which are the lines of the table too.
POINTS = 49
_DEFAULT = "30d"
_COLUMNS = Columns(("A", "B", "Difference"), frozenset({2}))


def of_sides(of: Question, asked: AsOf, sides: Sequence[Side], shown: Asset) -> Overlay:
    """Return the drawing of two sides up to the instant asked for."""
    query = {"range": of.text.get("range", _DEFAULT)}
    if query["range"] in {"all", "custom"}:
        query = {"range": _DEFAULT}
    over = ranges.range_of(query, now=asked.at, first_seen=None)
    instants = evenly(over.start, over.end, POINTS)
    kind, asset = shown
    pair = [_levels(side.points(asset, kind, instants)) for side in sides]
    return Overlay(
        asset=asset,
        zone=of.user.time_zone,
        ranges=tuple(
            Choice(label, of.address(range=name), name == over.name)
            for name, label in ranges.LABELS.items()
            if name != "all"
        ),
        points=_points(of, asset, pair, at=[int(one.timestamp()) for one in instants]),
        heads=("Instant", *_COLUMNS.heads),
        rows=_rows([(times.full(one),) for one in instants], pair),
    )


def of_periods(of: Question, side: Side, periods: Sequence[Range], shown: Asset) -> Overlay:
    """Return the drawing of one side in two periods, both from their starts on."""
    length = max(period.end - period.start for period in periods)
    steps = [length * index // (POINTS - 1) for index in range(POINTS)]
    kind, asset = shown
    ats = [[period.start + step for step in steps] for period in periods]
    pair = [
        _levels(side.points(asset, kind, [min(one, period.end) for one in instants]))
        for period, instants in zip(periods, ats, strict=True)
    ]
    for levels, period, instants in zip(pair, periods, ats, strict=True):
        _end_with(levels, instants, period.end)
    return Overlay(
        asset=asset,
        zone=of.user.time_zone,
        ranges=(),
        points=_points(of, asset, pair, after=[int(one.total_seconds()) for one in steps]),
        heads=("After", *_COLUMNS.heads),
        rows=_rows([(_after(one),) for one in steps], pair),
    )


def _levels(points: Sequence[Point]) -> list[Level | None]:
    return [point.level for point in points]


def _end_with(levels: list[Level | None], instants: Sequence[datetime], end: datetime) -> None:
    """Let a shorter period end where it ends."""
    for index, instant in enumerate(instants):
        if instant > end:
            levels[index] = None


def _after(step: timedelta) -> str:
    hours, minutes = divmod(int(step.total_seconds()) // 60, 60)
    if hours >= 24:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours} h {minutes} min"


def _points(
    of: Question, asset: str, pair: Sequence[Sequence[Level | None]], **axis: list[int]
) -> str:
    """Return what the browser draws, as JSON. Amounts are text; a null is unknown, never zero."""
    finest = max((one.scale for side in pair for one in side if one), default=1)
    a, b = ([_text(one, finest) for one in side] for side in pair)
    drawn = {"asset": asset, "zone": of.user.time_zone, "a": a, "b": b, **axis}
    return json.dumps(drawn)


def _text(level: Level | None, scale: int) -> str | None:
    return None if level is None else plain_decimal(level.at_scale(scale).total, scale)


def _rows(
    whens: Sequence[tuple[str, ...]], pair: Sequence[Sequence[Level | None]]
) -> tuple[OverlayRow, ...]:
    found = [
        OverlayRow(when, _COLUMNS.cells((a, b, less(a, b))))
        for when, a, b in zip(whens, *pair, strict=True)
    ]
    return tuple(reversed(found))
