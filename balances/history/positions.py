"""Balances as of an instant: from the newest snapshot at or before it, exactly."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from balances.core import sql
from balances.core.amounts import Level
from balances.history.observations import Covered, Sight, covered_at, sights


@dataclass(frozen=True, slots=True)
class Standing:
    """One asset in one account at an instant."""

    account_id: int
    holding_id: int
    asset: str
    level: Level
    flags: tuple[str, ...]
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class Position:
    """One account at an instant. Without `sight` it is unknown, which is never zero."""

    account_id: int
    sight: Sight | None
    standings: tuple[Standing, ...]

    def coverage(self, at: datetime) -> Covered:
        """Return fresh, carried or unknown."""
        return covered_at(self.sight, at)


# One look-up by primary key a holding, backwards through the months.
_AS_OF = """
SELECT h.account_id, h.id, h.asset, c.total, c.available, c.pending_in, c.pending_out, c.scale,
    c.flags, c.valid_from
FROM balances_holding h CROSS JOIN LATERAL (
    SELECT * FROM balances_change c
    WHERE c.holding_id = h.id AND c.valid_from <= %s ORDER BY c.valid_from DESC LIMIT 1
) c
WHERE h.account_id = ANY(%s) ORDER BY h.account_id, h.asset
"""


def positions(account_ids: Sequence[int], at: datetime) -> list[Position]:
    """Return every account's position at `at`, in the order asked for."""
    ids = list(account_ids)
    with sql.one_view():  # a figure and the instant it was seen at belong together
        seen, standings = sights(ids, at), _standings(ids, at)
    return [Position(i, seen.get(i), tuple(standings[i])) for i in ids]


def _standings(account_ids: list[int], at: datetime) -> dict[int, list[Standing]]:
    found: dict[int, list[Standing]] = defaultdict(list)
    for row in sql.rows(_AS_OF, [at, account_ids]):
        level = Level(*(int(value) for value in row[3:8]))
        found[row[0]].append(Standing(row[0], row[1], row[2], level, tuple(row[8]), row[9]))
    return found
