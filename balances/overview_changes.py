"""How the assets of the overview moved: cells that come after the page, by the keys of its rows."""

from accounts.models import User
from balances.as_of_query import AsOf
from balances.change_screens import MovedRow
from balances.moved_rows import cells
from balances.overview import Query
from balances.scopes import Scope


def overview_changes(user: User, query: Query, asked: AsOf) -> tuple[MovedRow, ...]:
    """Return the cells of every asset that somebody's overview has, now or as of an instant."""
    found = cells(Scope(user, query.narrowing), asked.at)
    return tuple(MovedRow(f"{kind}:{asset}", moved) for (kind, asset), moved in found.items())
