"""The form that asks for a statement."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.access.querysets import visible_to
from accounts.models import User
from balances.core.instants import iso
from balances.pages.as_of import instant
from balances.pages.components import times
from balances.pages.query.account_filter import selects
from balances.pages.reports.context import ReportsPage, Shortcut
from balances.pages.reports.cutoffs import shortcuts
from balances.portfolio.filters import Narrowing


def reports_page(
    reader: User, query: Mapping[str, str], now: datetime, error: str = ""
) -> ReportsPage:
    """Return the form. Until a cut-off was asked for it holds the last day of last month."""
    found = [Shortcut(label, iso(end), times.full(end)) for label, end in shortcuts(now)]
    last_month = timezone.localtime(shortcuts(now)[1][1]) - timedelta(hours=12)
    typed = instant.typed_in(query)
    day, _, time = (typed or f"{last_month:%Y-%m-%d}").partition("T")
    return ReportsPage(
        day=day,
        time=time,
        error=error,
        zone=timezone.get_current_timezone_name(),
        shortcuts=tuple(found),
        selects=selects(Narrowing.of(query), visible_to(reader), reader),
    )
