"""Lines 7 to 10: what reading the past costs, at two sizes that differ by ten."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

from accounts.models import Account, Environment, Membership, Organization, Role, User
from balances.core import sql
from balances.demo.seed import load
from balances.demo.seed.plan import Plan
from balances.history import positions
from balances.ledger import schedules
from balances.portfolio.scope import Scope
from balances.series import sums
from balances.series.buckets import DAY, buckets
from balances.series.points import evenly, series
from bench.lines import Line, best_wall, p95
from qredo_dash import heap

#: Its days begin at other hours of UTC in summer than in winter.
ZONE = ZoneInfo("America/New_York")
YEAR = timedelta(days=365)
POINTS = 500
#: So many seconds autovacuum is waited for.
PATIENCE = 600
#: How many charts and look-ups of one holding a p95 is made of.
TRIES = 200


@dataclass(frozen=True, slots=True)
class Past:
    """A seeded history and somebody who sees most of it."""

    reader: User
    accounts: list[Account]
    changes: int
    until: datetime

    @property
    def ids(self) -> list[int]:
        return [account.pk for account in self.accounts]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the history is: the larger one has ten times the changes of the smaller one."""

    accounts: int
    assets: int
    days: int
    changes_per_day: int


def seeded(sizes: Sizes, seed: int, *, times: int = 1) -> Past:
    """Seed a history of `times` as many changes."""
    plan = Plan(
        accounts=sizes.accounts,
        assets=sizes.assets,
        days=sizes.days,
        changes_per_day=sizes.changes_per_day * times,
        until=schedules.clock(),
        seed=seed,
    )
    plan.check(plan.until)
    load.make_months(plan)
    written = load.seed(plan, lambda _batch, _written: None)
    _wait_for_vacuum()
    body = Organization.objects.get(name=plan.name)
    reader = User.objects.create_user(f"past-{seed}@bench.example", time_zone=ZONE.key)
    Membership.objects.create(user=reader, organization=body, role=Role.VIEWER)
    accounts = list(Account.objects.filter(organization=body).order_by("pk"))
    return Past(reader, accounts, written.changes, plan.until)


# What autovacuum is at, or will be at as soon as it looks again.
_TO_VACUUM = """
SELECT (SELECT count(*) FROM pg_stat_progress_vacuum) + count(*)
FROM pg_stat_user_tables WHERE n_ins_since_vacuum > 1000 + 0.2 * n_live_tup
"""


def _wait_for_vacuum() -> None:
    """Wait until autovacuum has gone through what was loaded: beside it times say nothing."""
    until = time.monotonic() + PATIENCE
    while sql.rows(_TO_VACUUM)[0][0] and time.monotonic() < until:
        time.sleep(1)


Measured = tuple[float, float]
Measure = Callable[[Past], Measured]


def measured(past: Past, wanted: Collection[int]) -> dict[int, Measured]:
    """Return value and floor of every line that is wanted."""
    heap.settle()  # as the web process does
    return {n: measure(past) for n, (_, _, measure) in MEASURES.items() if n in wanted}


def lines(small: dict[int, Measured], large: dict[int, Measured]) -> Iterator[Line]:
    """Return the lines of the larger history, and how they grew from the smaller one."""
    for number, (value, floor) in large.items():
        name, goal, _ = MEASURES[number]
        before = small[number][0]
        # As-of has no other floor than its own time before.
        against = before if number == 7 else floor
        yield Line(number, name, value, "ms", goal, against, value / before)


def as_of_all(past: Past) -> Measured:
    """Line 7: every balance of every account, in the middle of the history."""
    at = past.until - (past.until - past.accounts[0].created_at) / 2
    value = 1000 * best_wall(lambda: positions.positions(past.ids, at), repeat=9)
    return value, value


_ONE_BY_ONE = """
SELECT h.asset, sum(c.total), sum(c.available), sum(c.pending_in), sum(c.pending_out)
FROM balances_holding h CROSS JOIN LATERAL (
    SELECT * FROM balances_change c
    WHERE c.holding_id = h.id AND c.valid_from <= %s ORDER BY c.valid_from DESC LIMIT 1) c
WHERE h.account_id = ANY(%s) GROUP BY 1
"""


def as_of_assets(past: Past) -> Measured:
    """Line 8: what was held of each asset, against one look-up a holding."""
    at = past.until - (past.until - past.accounts[0].created_at) / 2
    value = best_wall(lambda: _sums(past, [at]))
    floor = best_wall(lambda: sql.rows(_ONE_BY_ONE, [at, past.ids]))
    return 1000 * value, 1000 * floor


def _sums(past: Past, instants: Sequence[datetime]) -> object:
    """Return what a reader's accounts held of every asset, at every instant."""
    return sums.of_all_assets(Scope(past.reader).reach(Environment.values), instants)


_RAW = """
SELECT h.asset, date_trunc('day', c.valid_from, %s), sum(delta_total), sum(delta_available),
    sum(delta_pending_in), sum(delta_pending_out)
FROM balances_holding h JOIN balances_change c ON c.holding_id = h.id
WHERE h.account_id = ANY(%s) AND c.valid_from > %s AND c.valid_from <= %s GROUP BY 1, 2
"""


def portfolio(past: Past) -> Measured:
    """Line 9: a year of every asset in days of the reader's zone, against raw changes."""
    days = buckets(past.until - YEAR, past.until, ZONE, DAY).points
    value = best_wall(lambda: _sums(past, days))
    bounds = [ZONE.key, past.ids, days[0], days[-1]]
    return 1000 * value, 1000 * best_wall(lambda: sql.rows(_RAW, bounds), repeat=2)


def one_holding(past: Past) -> Measured:
    """Line 10: a year of one holding as 500 points, p95, against reading one row by its key."""
    chosen = Random(1).choices(past.accounts, k=TRIES)  # noqa: S311 - repeatable on purpose
    instants = evenly(past.until - YEAR, past.until, POINTS)
    keys = sql.rows(
        "SELECT id, changed_at FROM balances_holding WHERE account_id = ANY(%s) AND asset = 'BTC'",
        [[account.pk for account in chosen]],
    )
    value = p95([partial(series, [one.pk], "BTC", instants) for one in chosen])
    return 1000 * value, 1000 * p95([partial(_row, *key) for key in keys])


def _row(holding_id: int, changed_at: datetime) -> None:
    """Read one row by primary key."""
    rows = "SELECT * FROM balances_change WHERE holding_id = %s AND valid_from = %s"
    assert len(sql.rows(rows, [holding_id, changed_at])) == 1


#: Number: what it is, its goal, how it is measured.
MEASURES: dict[int, tuple[str, float, Measure]] = {
    7: ("as-of of all accounts, ten times the changes", 1.1, as_of_all),
    8: ("as-of per asset, over all holdings", 1 / 15, as_of_assets),
    9: ("portfolio chart, a year of 10 assets in local days", 1 / 40, portfolio),
    10: ("one holding's chart, a year at 500 points, p95", 20, one_holding),
}
