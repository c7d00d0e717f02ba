"""How far amounts moved up to an instant, and small charts of all assets at once.

A change is of the accounts that were in it all along and known; who joined or left brought or took
an amount, which is no gain or loss, and is named instead. Without anybody who was there all along a
change is unknown, not zero.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import add

from accounts.access import Span
from accounts.models import Account, Environment
from balances import sql, sums
from balances.amounts import Level
from balances.buckets import TICK
from balances.pieces import HOUR, floor
from balances.portfolio import Kind
from balances.presence import Spans, counter, known_spans
from balances.scopes import Scope
from balances.testnet import is_testnet_name

Asset = tuple[str, Kind]
Levels = Sequence[Level]

NOTHING = Level(0, 0, 0, 0, 1)
DAY = timedelta(days=1)
PERIODS = {"24 h": DAY, "7 d": 7 * DAY, "30 d": 30 * DAY}
#: Points of a small chart, about.
SPARKS = 30


@dataclass(frozen=True, slots=True)
class Movement:
    """A change, unknown without a level, and the ids of the accounts that are not in it."""

    change: Level | None
    joined: tuple[int, ...] = ()
    left: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Crowd:
    """The accounts of one environment at both ends of a period."""

    stayed: frozenset[int]
    joined: frozenset[int]
    left: frozenset[int]


@sql.one_view()
def changes(
    scope: Scope, now: datetime, periods: Mapping[str, timedelta] = PERIODS
) -> dict[Asset, dict[str, Movement]]:
    """Return how far a scope's totals moved up to `now`, by asset and period.

    Costs one statement for all assets and periods, one look-up an account, and one a holding and
    instant of accounts that joined or left. `Scope.labels` says what those are called.
    """
    instants = sorted({now, *(now - length for length in periods.values())})
    known = _known(scope)
    levels = sums.of_all_assets(scope.reach(list(Environment)), instants)
    moving = {
        name: {env: _crowd(spans, now - length, now) for env, spans in known.items()}
        for name, length in periods.items()
    }
    crowds = [crowd for by_env in moving.values() for crowd in by_env.values()]
    held = _held({i for one in crowds for i in one.joined | one.left}, instants)
    found: dict[Asset, dict[str, Movement]] = defaultdict(dict)
    for key, parts in _by_asset(levels).items():
        for name, length in periods.items():
            ends = instants.index(now - length), len(instants) - 1
            there = {env: moving[name][env] for env in parts if env in known}
            found[key][name] = _movement(key[0], parts, there, held, ends)
    return dict(found)


def _movement(
    asset: str,
    parts: Mapping[str, Levels],
    there: Mapping[str, _Crowd],
    held: Mapping[tuple[int, str], Levels],
    ends: tuple[int, int],
) -> Movement:
    """Return the change of whole levels without what came and went with accounts."""
    first, last = ends
    joined = sorted(i for crowd in there.values() for i in crowd.joined)
    left = sorted(i for crowd in there.values() for i in crowd.left)
    whole = [levels[last] - levels[first] for levels in parts.values()]
    came = [-held[i, asset][last] for i in joined if (i, asset) in held]
    went = [held[i, asset][first] for i in left if (i, asset) in held]
    is_known = any(crowd.stayed for crowd in there.values())
    change = reduce(add, [*whole, *came, *went], NOTHING) if is_known else None
    return Movement(change, tuple(joined), tuple(left))


@sql.one_view()
def account_changes(
    scope: Scope,
    account_ids: Collection[int],
    now: datetime,
    periods: Mapping[str, timedelta] = PERIODS,
) -> dict[tuple[int, str], dict[str, Level | None]]:
    """Return how far single accounts moved, by account, asset and period, counted or not.

    Unknown where an account was not the reader's, or not known, all along. Costs one look-up an
    account and one a holding and instant.
    """
    instants = sorted({now, *(now - length for length in periods.values())})
    only = Scope(scope.user, scope.narrowing, frozenset(account_ids))
    known = known_spans(list(account_ids), only.spans())
    return {
        (i, asset): {
            name: levels[-1] - levels[instants.index(now - length)]
            if _stays(known.get(i, []), now - length, now)
            else None
            for name, length in periods.items()
        }
        for (i, asset), levels in _held(set(account_ids), instants).items()
    }


@sql.one_view()
def sparklines(
    scope: Scope, now: datetime, length: timedelta = 7 * DAY
) -> tuple[list[datetime], dict[Asset, list[Level | None]]]:
    """Return about thirty instants up to `now`, at ends of hours, and the levels there, by asset.

    Costs one statement for all assets, and one look-up an account.
    """
    instants = [*_hour_ends(now, length), now]
    known = _known(scope)
    counts = {env: counter(s for spans in by.values() for s in spans) for env, by in known.items()}
    found: dict[Asset, list[Level | None]] = {}
    for key, parts in _by_asset(
        sums.of_all_assets(scope.reach(list(Environment)), instants)
    ).items():
        levels = [reduce(add, several) for several in zip(*parts.values(), strict=True)]
        found[key] = [
            level if any(counts[env](at) for env in parts if env in counts) else None
            for at, level in zip(instants, levels, strict=True)
        ]
    return instants, found


def _hour_ends(now: datetime, length: timedelta) -> Iterator[datetime]:
    every = max(HOUR, -(-length // (SPARKS * HOUR)) * HOUR)
    hour = floor(now, HOUR)
    for step in range(length // every, 0, -1):
        yield hour - (step - 1) * every - TICK


def _known(scope: Scope) -> dict[str, dict[int, list[Span]]]:
    """Return when accounts are in totals and known, by environment and account."""
    spans = scope.spans(in_totals=True)
    rows = Account.objects.filter(pk__in=spans).values_list("pk", "environment")
    environments = dict(rows)
    found: dict[str, dict[int, list[Span]]] = defaultdict(dict)
    for i, known in known_spans(list(spans), spans).items():
        found[environments[i]][i] = known
    return found


def _crowd(known: Spans, start: datetime, end: datetime) -> _Crowd:
    stayed = frozenset(i for i, spans in known.items() if _stays(spans, start, end))
    here = frozenset(i for i, spans in known.items() if _stays(spans, end, end))
    there = frozenset(i for i, spans in known.items() if _stays(spans, start, start))
    return _Crowd(stayed, here - stayed, there - stayed)


def _stays(spans: Iterable[Span], start: datetime, end: datetime) -> bool:
    return any(a <= start and (b is None or end < b) for a, b in spans)


def _by_asset(
    levels: Mapping[tuple[str, str], Levels],
) -> dict[Asset, dict[str, Levels]]:
    """Put together what is the same kind of money in several environments."""
    found: dict[Asset, dict[str, Levels]] = defaultdict(dict)
    for (asset, environment), several in levels.items():
        is_test = environment == Environment.SANDBOX or is_testnet_name(asset)
        found[asset, "testnet" if is_test else "production"][environment] = several
    return found


_HELD = """
SELECT h.account_id, h.asset, i.number, c.total, c.available, c.pending_in, c.pending_out, c.scale
FROM balances_holding h
CROSS JOIN unnest(%(instants)s::timestamptz[]) WITH ORDINALITY AS i(at, number)
CROSS JOIN LATERAL (
    SELECT * FROM balances_change c
    WHERE c.holding_id = h.id AND c.valid_from <= i.at ORDER BY c.valid_from DESC LIMIT 1) c
WHERE h.account_id = ANY(%(accounts)s)
"""


def _held(
    account_ids: Collection[int], instants: Sequence[datetime]
) -> dict[tuple[int, str], Levels]:
    """Return what accounts held at instants, by account and asset."""
    found: dict[tuple[int, str], list[Level]] = defaultdict(lambda: [NOTHING] * len(instants))
    values = {"accounts": list(account_ids), "instants": list(instants)}
    for account_id, asset, number, *amounts in sql.rows(_HELD, values):
        found[account_id, asset][number - 1] = Level(*(int(amount) for amount in amounts))
    return dict(found)
