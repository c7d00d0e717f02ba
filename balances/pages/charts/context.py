"""What charts show: already formatted, the same numbers as a table."""

from dataclasses import dataclass

from balances.pages.components.context import Choice, Figures, Moment, Option


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One line of the table below a chart."""

    at: Moment
    figures: Figures | None
    coverage: str  # "observed", "carried since …", "unknown"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: where its points are fetched, what may be chosen, the same numbers as a table."""

    series_url: str
    csv_url: str
    ranges: tuple[Choice, ...]
    assets: tuple[Choice, ...]
    asset: str
    rows: tuple[SeriesRow, ...]
    zone: str
    start: str = ""  # what the custom range form shows, as typed
    end: str = ""
    error: str = ""  # why a custom range could not be used
    shown_range: str = ""
    step_text: str = ""  # "each point is the end of a day in Europe/London"
    band_text: str = ""  # what lowest and highest totals are of
    steps: tuple[Option, ...] = ()
    every_url: str = ""  # a file of every change
    kept: tuple[tuple[str, str], ...] = ()  # what else the page's address says
    others: int = 0  # assets that its menu has not
