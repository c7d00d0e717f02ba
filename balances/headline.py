"""The headline of the overview and the chart below it: one asset, now or as of an instant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from balances import charts, subjects
from balances.between import between
from balances.chart_screens import Chart
from balances.charts import Frame
from balances.narrowing import Narrowing
from balances.portfolio import Kind
from balances.rows import coverage_of, figures, scope_text
from balances.scopes import Scope
from balances.screens import Headline
from balances.subjects import Subject
from balances.totals import Total, kinds

#: What the headline's change is measured over.
PERIOD, PERIOD_WORDS = timedelta(hours=24), "24 h"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a page's query asks headline and chart to show."""

    asset: str
    kind: Kind
    #: Which accounts the page is about, and when; every address of the chart says so.
    kept: Mapping[str, str]
    #: The range of the chart.
    text: Mapping[str, str]
    is_narrowed: bool = False


def subject(user: User, found: Sequence[Total], wanted: Wanted) -> Subject | None:
    """Return what headline and chart show: what was asked for, else the first to show."""
    choices = kinds(found)
    if not choices:
        return None
    asset, kind = wanted.asset, wanted.kind
    if (asset, kind) not in choices:
        asset, kind = min(choices, key=first_to_show)
    # Who does not count at the time may have counted within the chart's range.
    scope = Scope(user, Narrowing.of(wanted.kept))
    return subjects.subject(scope, asset, kind, is_total=True)


def first_to_show(pair: tuple[str, Kind]) -> tuple[Kind, int, str]:
    """Return the sort key by which an asset is shown until the reader chooses another."""
    preferred: list[str] = settings.HEADLINE_ASSETS
    asset, kind = pair
    return kind, preferred.index(asset) if asset in preferred else len(preferred), asset


def headline(of: Subject, found: Iterable[Total], at: datetime, wanted: Wanted) -> Headline:
    """Return the headline of a page about accounts that hold `found`.

    In its coverage is every account in which the asset would be that kind of money, held or not.
    """
    whole = next(one for one in found if (one.asset, one.kind) == (of.asset, of.kind))
    (moved,) = between(of.scope, of.known, of.asset, [at - PERIOD], at)
    return Headline(
        asset=of.asset,
        scope=scope_text("chosen" if wanted.is_narrowed else "all", of.kind),
        figures=figures(whole.level),
        coverage=coverage_of(whole.covered, at),
        change=moved.amount,
        direction=moved.direction,
        period=PERIOD_WORDS,
        change_note=moved.note,
        change_share=moved.share,
    )


def chart(of: Subject, found: Iterable[Total], wanted: Wanted, user: User, at: datetime) -> Chart:
    """Return the chart, which ends at `at`."""
    frame = Frame(
        page_url=reverse("overview"),
        series_url=reverse("series"),
        csv_url=reverse("series-csv"),
        choices=kinds(found),
        zone=user.time_zone,
        kept=wanted.kept,
    )
    return charts.chart(of, subjects.range_for(of, wanted.text, at), frame, at)
