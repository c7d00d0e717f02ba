"""How the assets of the overview moved: cells that come after the page, by the keys of its rows."""

from accounts.models import User
from balances.pages.as_of.instant import AsOf
from balances.pages.charts.change_cells import cells
from balances.pages.components.changes import MovedRow
from balances.pages.components.shown_assets import is_within
from balances.pages.query.list_query import Query
from balances.portfolio.scope import Scope


def overview_changes(user: User, query: Query, asked: AsOf) -> tuple[MovedRow, ...]:
    """Return the cells of the assets that somebody's overview shows, now or as of an instant."""
    scope = Scope(user, query.narrowing)
    found = cells(scope, asked.at, lambda one: is_within(one, query.text))
    return tuple(MovedRow(f"{kind}:{asset}", moved) for (kind, asset), moved in found.items())
