"""How far every asset of a scope moved between two instants, and the course it took.

The same figures as `between` and a chart have for one asset, of all of them at once: levels are
read from roll-ups, and what those who joined or left brought or took is taken out again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import add

from accounts.access.querysets import Span
from accounts.models import Account, Environment
from balances.core import sql
from balances.core.amounts import Level
from balances.core.assets import environments_of, kind_of
from balances.core.intervals import Spans
from balances.history.freshness import fresh_stretches
from balances.portfolio.change import Attendance, Between, there_at
from balances.portfolio.levels_at import NOTHING, Asset, Then, held_by, labelled
from balances.portfolio.scope import Scope
from balances.series import sums
from balances.series.buckets import DAY, buckets
from balances.series.coverage import Presence, known_spans, present
from balances.series.points import Point

_ALL = tuple(one.value for one in Environment)


@dataclass(frozen=True, slots=True)
class Movement:
    """How an asset moved: its changes from each start to the end, its course meanwhile."""

    changes: tuple[Between, ...]
    points: tuple[Point, ...]

    @property
    def level(self) -> Level:
        """What is held at the end."""
        return self.points[-1].level or NOTHING


@sql.one_view()
def movements(scope: Scope, starts: Sequence[datetime], end: datetime) -> dict[Asset, Movement]:
    """Return how each asset in the totals of a scope moved from each start to the end.

    Points are the ends of UTC days, which are rows of a roll-up, the starts and the end.
    """
    points = sorted({*buckets(min(starts), end, UTC, DAY).points, *starts})
    found = _levels(scope, points)
    moves = _Moves.of(scope, _Crowd.of(scope, starts, points), found)
    return {one: moves.of_asset(one, levels) for one, levels in found.items()}


def _levels(scope: Scope, points: Sequence[datetime]) -> dict[Asset, dict[datetime, Level]]:
    found: dict[Asset, dict[datetime, Level]] = {}
    for (asset, where), levels in sums.of_all_assets(scope.reach(_ALL), points).items():
        there = found.setdefault((kind_of(where, asset), asset), dict.fromkeys(points, NOTHING))
        for at, level in zip(points, levels, strict=True):
            there[at] += level
    return found


@dataclass(frozen=True, slots=True)
class _Group:
    """The accounts of some environments: who of them was there when, and how fresh."""

    there: Presence  # at each of the points
    attended: tuple[Attendance, ...]  # since each of the starts


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Everybody in the totals of a scope: when known, when fresh, in which environment."""

    spans: Spans
    known: Spans
    fresh: Mapping[int, Sequence[tuple[datetime, datetime]]]
    where: Mapping[int, str]
    starts: Sequence[datetime]
    points: Sequence[datetime]

    @classmethod
    def of(cls, scope: Scope, starts: Sequence[datetime], points: Sequence[datetime]) -> "_Crowd":
        spans = scope.spans(in_totals=True)
        known = known_spans(spans)
        where = dict(Account.objects.filter(pk__in=spans).values_list("pk", "environment"))
        fresh = fresh_stretches(list(known), points[0], points[-1])
        return cls(spans, known, fresh, where, starts, points)

    @property
    def end(self) -> datetime:
        return self.points[-1]

    def group(self, environments: Collection[str]) -> _Group:
        """Return those of some environments."""
        spans, known = (self._of(environments, some) for some in (self.spans, self.known))
        now = there_at(known, self.end)
        return _Group(
            there=present(spans, known, self.fresh, self.points),
            attended=tuple(
                Attendance.of(there_at(known, start), now, known, start, self.end)
                for start in self.starts
            ),
        )

    def _of(self, environments: Collection[str], spans: Spans) -> dict[int, Sequence[Span]]:
        return {pk: stays for pk, stays in spans.items() if self.where[pk] in environments}


@dataclass(frozen=True, slots=True)
class _Outside:
    """Accounts that were not there all along: what they held at an instant, their labels."""

    held: Mapping[Asset, Mapping[int, Level]]
    labels: Mapping[int, str]

    @classmethod
    def of(
        cls, scope: Scope, where: Mapping[int, str], ids: Collection[int], at: datetime
    ) -> "_Outside":
        held = Then(where, {}, held_by(ids, at)).parts()
        holders = {pk for parts in held.values() for pk in parts}
        return cls(held, labelled(scope, at, holders))

    def of_asset(self, one: Asset, ids: frozenset[int]) -> dict[int, Level]:
        return {pk: level for pk, level in self.held.get(one, {}).items() if pk in ids}

    def names(self, ids: Iterable[int]) -> tuple[str, ...]:
        return tuple(sorted(self.labels[pk] for pk in ids))


@dataclass(frozen=True, slots=True)
class _Moves:
    """Tells how each asset moved, in the accounts that were there all along."""

    crowd: _Crowd
    groups: Mapping[tuple[str, ...], _Group]  # by environments
    outside: Mapping[datetime, _Outside]

    @classmethod
    def of(cls, scope: Scope, crowd: _Crowd, assets: Iterable[Asset]) -> "_Moves":
        groups = {of: crowd.group(of) for of in {_environments(one) for one in assets}}
        away: dict[datetime, set[int]] = {at: set() for at in (crowd.end, *crowd.starts)}
        for group in groups.values():
            for start, who in zip(crowd.starts, group.attended, strict=True):
                away[crowd.end] |= who.arrived
                away[start] |= who.gone
        outside = {at: _Outside.of(scope, crowd.where, ids, at) for at, ids in away.items()}
        return cls(crowd, groups, outside)

    def of_asset(self, one: Asset, levels: Mapping[datetime, Level]) -> Movement:
        """Return how an asset moved that had these levels."""
        group = self.groups[_environments(one)]
        changes = (
            self._change(one, who, (start, levels[start]), levels[self.crowd.end])
            for start, who in zip(self.crowd.starts, group.attended, strict=True)
        )
        return Movement(tuple(changes), tuple(_points(group.there, levels)))

    def _change(
        self, one: Asset, who: Attendance, begin: tuple[datetime, Level], last: Level
    ) -> Between:
        start, first = begin
        brought = self.outside[self.crowd.end].of_asset(one, who.arrived)
        taken = self.outside[start].of_asset(one, who.gone)
        before = first - _sum(taken.values())
        return Between(
            change=last - _sum(brought.values()) - before if who.steady else None,
            joined=self.outside[self.crowd.end].names(brought.keys()),
            left=self.outside[start].names(who.left & taken.keys()),
            before=before if who.steady else None,
        )


def _environments(one: Asset) -> tuple[str, ...]:
    kind, asset = one
    return environments_of(asset, as_test_money=kind == "testnet")


def _sum(levels: Iterable[Level]) -> Level:
    return reduce(add, levels, NOTHING)


def _points(there: Presence, levels: Mapping[datetime, Level]) -> Iterator[Point]:
    counted = zip(there.fresh, there.expected, there.known, strict=True)
    for (at, level), (fresh, expected, known) in zip(levels.items(), counted, strict=True):
        yield Point(at, level if known else None, fresh, expected, expected - known)
