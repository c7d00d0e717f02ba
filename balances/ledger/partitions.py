"""Monthly partitions: made before anything is written into them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import transaction

from balances.core import sql
from balances.ledger import schedules

_known_months: set[date] = set()


def make_months(instants: Iterable[datetime]) -> None:
    """Make the monthly partitions that hold these instants, unless this process knows of them."""
    months = {instant.astimezone(UTC).date().replace(day=1) for instant in instants}
    for month in sorted(months - _known_months):
        sql.rows("SELECT balances_make_months(%s, %s)", [month, month])
    # Known only once they are committed: a rolled-back month would be missing for good.
    transaction.on_commit(lambda: _known_months.update(months))


def months_ahead() -> list[datetime]:
    """Return instants in this month and the two after it, for which partitions should stand."""
    now = schedules.clock()
    # In steps that no month is shorter than, so that none is stepped over.
    return [now + timedelta(days=28 * step) for step in range(4)]
