"""A course of totals as the paths of a small drawing: pixels, worked out from exact amounts.

What is unknown is a gap, never zero. A stretch that ends with figures carried is a path of its own.
"""

from collections.abc import Collection, Sequence

from balances.core.amounts import plain_decimal
from balances.core.number_formats import written
from balances.pages.components.changes import Sparkline
from balances.series.points import Point, Seen

#: The drawing's size in pixels, and the room around its line.
WIDTH, HEIGHT, ROOM = 88, 24, 2
#: A change smaller than this part of an amount is drawn flat, as in the chart.
_FLAT = 10**9
#: Coordinates are given in tenths of a pixel.
_FINE = 10

Place = tuple[int, int]


def sparkline(points: Sequence[Point], asset: str) -> Sparkline | None:
    """Return the drawing of points that ascend in time; nothing if none of them is known."""
    totals = _totals(points)
    known = [total for total in totals if total is not None]
    if not known:
        return None
    places = _places(points, totals, min(known), max(known))
    return Sparkline(
        observed=_path(points, places, {"observed"}),
        carried=_path(points, places, {"carried", "incomplete"}),
        words=_words(points, known, asset),
    )


def _finest(points: Sequence[Point]) -> int:
    return max((point.level.scale for point in points if point.level), default=1)


def _totals(points: Sequence[Point]) -> list[int | None]:
    scale = _finest(points)
    return [point.level.at_scale(scale).total if point.level else None for point in points]


def _places(
    points: Sequence[Point], totals: Sequence[int | None], low: int, high: int
) -> list[Place | None]:
    start, whole = points[0].at, points[-1].at - points[0].at
    width, height = ((size - 2 * ROOM) * _FINE for size in (WIDTH, HEIGHT))
    is_flat = (high - low) * _FLAT <= max(abs(high), abs(low))
    found: list[Place | None] = []
    for point, total in zip(points, totals, strict=True):
        if total is None:
            found.append(None)
            continue
        x = (point.at - start) * width // whole if whole else 0
        # A level that does not move lies in the middle.
        y = height // 2 if is_flat else (high - total) * height // (high - low)
        found.append((ROOM * _FINE + x, ROOM * _FINE + y))
    return found


def _path(points: Sequence[Point], places: Sequence[Place | None], seen: Collection[Seen]) -> str:
    """Return the stretches that end with such a point. One with nothing around it is a dot."""
    commands: list[str] = []
    pen: Place | None = None
    for index, (point, place) in enumerate(zip(points, places, strict=True)):
        if place is None or point.seen not in seen:
            continue
        before = places[index - 1] if index else None
        if before is None and index + 1 < len(places) and places[index + 1] is not None:
            continue
        start = place if before is None else before
        if pen != start:
            commands.append(f"M{_text(start)}")
        commands.append(f"L{_text(place)}" if before is not None else "h.1")
        pen = place
    return "".join(commands)


def _text(place: Place) -> str:
    return " ".join(f"{at // _FINE}.{at % _FINE}".removesuffix(".0") for at in place)


def _words(points: Sequence[Point], known: Sequence[int], asset: str) -> str:
    first, last, low, high = (
        written(plain_decimal(total, _finest(points)))
        for total in (known[0], known[-1], min(known), max(known))
    )
    told = [
        f"30 days, from {first} to {last} {asset}",
        f"at the ends of UTC days lowest {low}, highest {high}",
    ]
    if any(point.seen == "unknown" for point in points):
        told.append("in part unknown")
    if any(point.seen in {"carried", "incomplete"} for point in points):
        told.append("dotted where not every account was fresh")
    return ", ".join(told)
