"""How the assets of the overview moved: cells that come after the page, by the keys of its rows."""

from accounts.models import User
from balances.as_of_query import AsOf
from balances.change_screens import MovedRow
from balances.moved_rows import cells
from balances.overview import Query
from balances.scopes import Scope
from balances.shown_assets import is_within


def overview_changes(user: User, query: Query, asked: AsOf) -> tuple[MovedRow, ...]:
    """Return the cells of the assets that somebody's overview shows, now or as of an instant."""
    scope = Scope(user, query.narrowing)
    found = cells(scope, asked.at, lambda one: is_within(one, query.text))
    return tuple(MovedRow(f"{kind}:{asset}", moved) for (kind, asset), moved in found.items())
