"""The headline of the overview and the chart below it: one asset, now or as of an instant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse

from accounts.models import User
from balances.core.assets import Kind
from balances.pages.charts import chart as charts_chart
from balances.pages.charts import subject as charts_subject
from balances.pages.charts.chart import Frame
from balances.pages.charts.context import Chart
from balances.pages.charts.subject import Subject, first_to_show
from balances.pages.components.context import Headline
from balances.pages.components.tables import coverage_of, figures, scope_text
from balances.pages.query.list_query import Query
from balances.portfolio.change import between
from balances.portfolio.filters import Narrowing
from balances.portfolio.scope import Scope
from balances.portfolio.totals import Total, kinds

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


def wanted_by(query: Query) -> Wanted:
    """Return what headline and chart are asked to show."""
    is_narrowed = bool(query.narrowing.query)
    return Wanted(query.asset, query.kind, query.kept, query.text, is_narrowed)


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
    return charts_subject.subject(scope, asset, kind, is_total=True)


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
    return charts_chart.chart(of, charts_subject.range_for(of, wanted.text, at), frame, at)
