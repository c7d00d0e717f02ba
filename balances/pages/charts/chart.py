"""Charts: their controls, and the same numbers as a table and as a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from accounts.shared.csv_cells import text_cell
from balances.core import instants as core_instants
from balances.core.assets import Kind
from balances.core.instants import iso
from balances.pages.charts import ranges
from balances.pages.charts.context import Chart, SeriesRow
from balances.pages.charts.drawing import AMOUNTS, amount, band_text, extreme
from balances.pages.charts.ranges import Range
from balances.pages.charts.subject import Subject, points_at
from balances.pages.components import times
from balances.pages.components.context import Choice, Option
from balances.pages.components.tables import figures
from balances.series import buckets
from balances.series.points import Point

#: Lines of the table below a chart.
TABLE_ROWS = 25
#: Assets that the menu of a chart offers; search finds the others.
MOST_CHOICES = 100


def csv_rows(of: Subject, shown: Range) -> Iterator[list[str]]:
    """Yield the points of a chart as lines of a file, header first."""
    coverage = ("coverage", "fresh accounts", "accounts", "unknown accounts")
    extremes = ("lowest total", "highest total")
    yield ["at", "asset", *AMOUNTS, *coverage, *extremes, "partial accounts"]
    instants = shown.buckets.points
    for point, partial in zip(points_at(of, instants), of.partial(instants), strict=True):
        yield [
            iso(point.at),
            text_cell(of.asset),
            *(amount(point, name) or "" for name in AMOUNTS),
            point.seen,
            str(point.fresh),
            str(point.expected),
            str(point.unknown),
            extreme(point, point.low) or "",
            extreme(point, point.high) or "",
            str(partial),
        ]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a chart stands: its page, where points and CSV are fetched, and what may be chosen."""

    page_url: str
    series_url: str
    csv_url: str
    choices: Sequence[tuple[str, Kind]]
    zone: str
    #: What else every address of the chart says: which accounts it is about.
    kept: Mapping[str, str] = field(default_factory=dict)


def chart(of: Subject, shown: Range, frame: Frame, now: datetime) -> Chart:
    """Return a chart's controls and its table."""
    query = {**frame.kept, **_query(of.asset, of.kind, shown)}
    return Chart(
        series_url=f"{frame.series_url}?{urlencode(query)}",
        csv_url=f"{frame.csv_url}?{urlencode(query)}",
        ranges=tuple(
            Choice(label, _link(frame.page_url, query, range=name), name == shown.name)
            for name, label in ranges.LABELS.items()
        ),
        assets=tuple(
            Choice(
                asset,
                _link(frame.page_url, query, asset=asset, kind=kind),
                (asset, kind) == (of.asset, of.kind),
            )
            for asset, kind in _offered(frame.choices, (of.asset, of.kind))
        ),
        others=max(len(frame.choices) - MOST_CHOICES, 0),
        asset=of.asset,
        rows=_table(of, shown, now),
        zone=frame.zone,
        start=shown.typed[0],
        end=shown.typed[1],
        error=shown.error,
        shown_range=shown.text,
        step_text=shown.buckets.text,
        band_text=band_text(of),
        steps=_steps(shown),
        kept=tuple(frame.kept.items()),
        every_url=f"{frame.csv_url}?{urlencode({**query, 'every': 'change'})}",
    )


def _offered(
    choices: Sequence[tuple[str, Kind]], chosen: tuple[str, Kind]
) -> list[tuple[str, Kind]]:
    """Return the assets that a menu offers: of many the first ones and the one that is shown."""
    return [one for place, one in enumerate(choices) if place < MOST_CHOICES or one == chosen]


def _query(asset: str, kind: Kind, shown: Range) -> dict[str, str]:
    query = {"asset": asset, "kind": kind, "range": shown.name}
    if shown.step:
        query["step"] = shown.step
    if shown.name == "custom":
        query |= {"from": shown.typed[0], "to": shown.typed[1]}
    return query


def _steps(shown: Range) -> tuple[Option, ...]:
    chosen = (("", "As fine as fits"), *((name, f"Each {name}") for name in buckets.CHOICES))
    return tuple(Option(name, text, name == shown.step) for name, text in chosen)


def _link(base_url: str, query: Mapping[str, str], **changes: str) -> str:
    # What fits one range may be too fine for another.
    kept = {name: text for name, text in query.items() if name != "step" or "range" not in changes}
    wanted = {**kept, **changes}
    if wanted["range"] != "custom":
        wanted = {name: text for name, text in wanted.items() if name not in {"from", "to"}}
    return f"{base_url}?{urlencode(wanted)}"


def _table(of: Subject, shown: Range, now: datetime) -> tuple[SeriesRow, ...]:
    instants = _thinned(shown.buckets.points)
    found = list(zip(points_at(of, instants), of.partial(instants), strict=True))
    return tuple(
        SeriesRow(
            times.moment(_called(point.at), now),
            None if point.level is None else figures(point.level),
            _coverage(point, partial),
        )
        for point, partial in reversed(found)
    )


def _called(at: datetime) -> datetime:
    """Return what a point is called by: the last instant of a step by the step's end."""
    return at + core_instants.TICK if at.microsecond == 999_999 else at


def _thinned(points: Sequence[datetime]) -> list[datetime]:
    """Return some of the points for the table, the first and the last among them."""
    every = -(-(len(points) - 1) // (TABLE_ROWS - 1)) or 1
    return sorted({*points[::-every], points[0]})


def _coverage(point: Point, partial: int) -> str:
    if point.level is None:
        return "unknown"
    counts = [(point.unknown, "unknown"), (partial, "partial")]
    rest = (f"{count} {word}" for count, word in counts if count)
    return ", ".join([f"{point.fresh} of {point.expected} fresh", *rest])
