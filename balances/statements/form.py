"""The form that asks for a statement."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.access import visible_to
from accounts.models import User
from balances import as_of_query, moments
from balances.instants import iso
from balances.narrowing import Narrowing
from balances.statements.cutoffs import shortcuts
from balances.statements.screens import ReportsPage, Shortcut


def reports_page(
    reader: User, query: Mapping[str, str], now: datetime, error: str = ""
) -> ReportsPage:
    """Return the form. Until a cut-off was asked for it holds the last day of last month."""
    found = [Shortcut(label, iso(end), moments.full(end)) for label, end in shortcuts(now)]
    last_month = timezone.localtime(shortcuts(now)[1][1]) - timedelta(hours=12)
    typed = as_of_query.typed_in(query)
    day, _, time = (typed or f"{last_month:%Y-%m-%d}").partition("T")
    return ReportsPage(
        day=day,
        time=time,
        error=error,
        zone=timezone.get_current_timezone_name(),
        shortcuts=tuple(found),
        selects=Narrowing.of(query).selects(visible_to(reader), reader),
    )
