"""What sums of a reader's accounts ought to be, from the naive ledger, at points and in between."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import pairwise
from operator import add

from accounts.access.querysets import joined_spans
from accounts.models import User
from balances.core.amounts import Level
from balances.history import positions
from balances.portfolio.scope import Scope
from balances.series import sums
from balances.series.coverage import known_spans
from balances.series.points import Point, along
from balances.series.rollup_sql import Reach
from tests.support.evidence.naive import TICK, NaiveAccount

FINEST = 10**30
NOTHING = Level(0, 0, 0, 0, FINEST)
PRODUCTION = ("production",)
HOUR = timedelta(hours=1)

#: The sum of one asset at an instant; nothing while nothing is known.
Truth = Callable[[datetime], Level | None]
#: Instants between two others.
Between = Callable[[datetime, datetime], Iterable[datetime]]


def check_scope(
    user: User, naive: dict[int, NaiveAccount], owner: str, asset: str, instants: Sequence[datetime]
) -> None:
    """Check sums by roll-ups and by raw changes of an owner whose accounts are all in `naive`."""

    def truth(at: datetime) -> Level | None:
        return _sum(naive.values(), owner, asset, at)

    whole, single = Scope(user), Scope(user, only=frozenset(naive))
    assert not whole.reach(PRODUCTION).stays
    for scope in (whole, single):
        between = _between(scope.reach(PRODUCTION), naive)
        for points in (instants, _hourly(instants), [instants[0]]):
            _check(_along(scope, asset, points), truth, between)
            _check_all_assets(scope.reach(PRODUCTION), asset, points, truth)
    for instant in (instants[0], instants[len(instants) // 2], instants[-1]):
        assert as_of_total(whole, asset, instant) == truth(instant)


def check_shared(
    user: User, naive: dict[int, NaiveAccount], owner: str, asset: str, instants: Sequence[datetime]
) -> None:
    """Check the totals of a reader of another person's accounts, who counts those in `naive`."""

    def truth(at: datetime) -> Level | None:
        return _sum(naive.values(), owner, asset, at)

    scope = Scope(user)
    reach = scope.reach(PRODUCTION)
    assert (reach.organizations, reach.persons) == ((), ())
    for points in (instants, _hourly(instants)):
        _check(_along(scope, asset, points), truth, _between(reach, naive))
        _check_all_assets(reach, asset, points, truth)
    for instant in (instants[0], instants[len(instants) // 2], instants[-1]):
        assert as_of_total(scope, asset, instant) == truth(instant)


def check_one(
    user: User, naive: dict[int, NaiveAccount], owner: str, asset: str, points: list[datetime]
) -> None:
    """Check the first account by itself, with every level on the way to a point."""
    account_id, one = next(iter(naive.items()))
    scope = Scope(user, only=frozenset({account_id}))
    for at in (points, _hourly(points)):
        found = _along(scope, asset, at)
        _check(found, lambda t: _sum([one], owner, asset, t), _every_level(one))


def _between(reach: Reach, naive: dict[int, NaiveAccount]) -> Between:
    """Return which levels between two points count as extremes."""
    return _every_level(naive[reach.stays[0][0]]) if reach.is_one_account else _hour_ends


def _every_level(one: NaiveAccount) -> Between:
    turns = [poll.observed_at for poll in one.polls] + [stay.began_at for stay in one.stays]
    return lambda begin, end: [begin, *(at for at in turns if begin <= at <= end)]


def _along(scope: Scope, asset: str, points: Sequence[datetime]) -> list[Point]:
    spans = joined_spans(scope.in_sums(scope.tenures()))
    return along(scope.reach(PRODUCTION), spans, known_spans(spans), asset, points)


def _check(
    found: Sequence[Point],
    truth: Truth,
    between: Between,
) -> None:
    for point in found:
        assert (point.level and point.level.at_scale(FINEST)) == truth(point.at)
    for before, point in pairwise(found):
        if point.level is None:
            assert (point.low, point.high) == (None, None)
            continue
        begin = min(before.at + TICK, point.at)
        levels = [truth(at) for at in (*between(begin, point.at), point.at)]
        totals = [level.total for level in levels if level is not None]
        factor = FINEST // point.level.scale
        assert point.low is not None
        assert point.high is not None
        assert (point.low * factor, point.high * factor) == (min(totals), max(totals)), point


def _check_all_assets(reach: Reach, asset: str, points: Sequence[datetime], truth: Truth) -> None:
    nothing = [NOTHING] * len(points)
    found = sums.of_all_assets(reach, points).get((asset, "production"), nothing)
    assert [level.at_scale(FINEST) for level in found] == [truth(at) or NOTHING for at in points]


def as_of_total(scope: Scope, asset: str, at: datetime) -> Level | None:
    """Return a total as a page about an instant adds it up; nothing while nothing is known."""
    accounts = scope.in_sums(scope.at(at)).values_list("account", flat=True)
    known = [one for one in positions.positions(list(accounts), at) if one.sight is not None]
    held = [s.level for one in known for s in one.standings if s.asset == asset]
    return reduce(add, held, NOTHING) if known else None


def _sum(naive: Iterable[NaiveAccount], owner: str, asset: str, at: datetime) -> Level | None:
    counting = [one for one in naive if _counts(one, owner, at)]
    known = [levels for _, levels in filter(None, (one.at(at) for one in counting))]
    held = [levels[asset].at_scale(FINEST) for levels in known if asset in levels]
    return reduce(add, held, NOTHING) if known else None


def _counts(one: NaiveAccount, owner: str, at: datetime) -> bool:
    stay = one.whose(at)
    return stay.owner == owner and stay.is_counted and not stay.is_archived


def _hour_ends(begin: datetime, end: datetime) -> Iterator[datetime]:
    at = _hour(begin) + HOUR
    while at - TICK < end:
        yield at - TICK
        at += HOUR


def _hourly(instants: Sequence[datetime]) -> list[datetime]:
    """Return points as charts have them: a start, the last instants of three hours each, an end."""
    found = [instants[0]]
    at = _hour(instants[0]) + HOUR
    while at - TICK < instants[-1] and len(found) < 60:
        found.append(at - TICK)
        at += 3 * HOUR
    return [*found, instants[-1]]


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
