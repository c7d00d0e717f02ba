"""The sides of a comparison: an account, an owner's accounts, those of a tag, or everything."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.access.querysets import Span, visible_to
from accounts.models import Account, User
from balances.core.amounts import Level
from balances.core.assets import Kind, environments_of, kind_of
from balances.pages.as_of.instant import AsOf
from balances.portfolio.filters import Narrowing
from balances.portfolio.levels_at import NOTHING, Asset, Levels, Then, held_at
from balances.portfolio.members import Member, counting, members, members_at
from balances.portfolio.scope import Scope
from balances.series.points import Point, series


class NoSideError(Exception):
    """There is no such side, as far as the reader may know."""


@dataclass(frozen=True, slots=True)
class Side:
    """What is compared. A single account counts whether or not it does so in totals."""

    scope: Scope
    is_total: bool

    def now(self, asked: AsOf) -> list[Member]:
        """Return its accounts now, or as of the instant asked for."""
        if asked.is_past:
            return self._inside(members_at(self.scope, asked.at))
        user, only = self.scope.user, self.scope.only
        found = self.scope.narrowing.applied_to(visible_to(user), user)
        return self._inside(members(user, found if only is None else found.filter(pk__in=only)))

    def then(self, at: datetime) -> Then:
        """Return what its accounts held at an instant."""
        return held_at(self.scope, at, in_totals=self.is_total)

    def spans(self) -> dict[int, list[Span]]:
        """Return when each of its accounts was in it, at whatever time."""
        return self.scope.spans(in_totals=self.is_total)

    def _inside(self, found: Sequence[Member]) -> list[Member]:
        if not self.is_total:
            return list(found)
        return [one for one in counting(found) if not one.is_archived]

    def points(self, asset: str, kind: Kind, instants: Sequence[datetime]) -> list[Point]:
        """Return the levels of an asset at instants that ascend."""
        spans = self.spans()
        found = Account.objects.filter(pk__in=spans)
        ids = [one.pk for one in found if kind_of(one.environment, asset) == kind]
        return series(ids, asset, instants, spans)


def account_side(user: User, text: str, asked: AsOf) -> Side:
    """Return an account that the reader sees, or saw at the instant asked for."""
    uid = _uid(text)
    if asked.is_past:
        then = Scope(user).at(asked.at).filter(account__uid=uid)
        only = frozenset(then.values_list("account", flat=True))
    else:
        only = frozenset(visible_to(user).filter(uid=uid).values_list("pk", flat=True))
    if not only:
        raise NoSideError
    return Side(Scope(user, only=only), is_total=False)


def group_side(user: User, **narrowing: str) -> Side:
    """Return the accounts of an owner or a tag; without either, all of them."""
    scope = Scope(user, Narrowing(**narrowing))
    if scope.narrowing.query and not scope.tenures().exists():
        raise NoSideError
    return Side(scope, is_total=True)


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NoSideError from None


@dataclass(frozen=True, slots=True)
class Told:
    """What accounts hold together, or how far they moved, and in which environments that is known.

    Real money may be known where nothing is of test money, and the other way about.
    """

    levels: Levels
    known: frozenset[str]
    unknown: frozenset[str]

    @classmethod
    def by(cls, members: Collection[Member]) -> "Told":
        """Return what is told by accounts as a page loads them."""
        levels: Levels = {}
        for held in (one for member in members if member.is_known for one in member.holdings):
            levels[held.kind, held.asset] = (
                levels.get((held.kind, held.asset), NOTHING) + held.level
            )
        known, unknown = (
            frozenset(one.account.environment for one in members if one.is_known == wanted)
            for wanted in (True, False)
        )
        return cls(levels, known, unknown)

    @classmethod
    def at(cls, then: Then) -> "Told":
        """Return what is told by accounts at an instant."""
        known, unknown = (frozenset(one.values()) for one in (then.known, then.unknown))
        return cls(then.levels(then.known), known, unknown)

    def of(self, asset: Asset) -> Level | None:
        """Return a level: what known accounts do not hold is zero.

        It is unknown if none is known, or none that could hold it while one is unknown that could.
        """
        kind, name = asset
        where = set(environments_of(name, as_test_money=kind == "testnet"))
        if not self.known or (where & self.unknown and not where & self.known):
            return None
        return self.levels.get(asset, NOTHING)


def less(one: Level | None, other: Level | None) -> Level | None:
    """Return the difference of two levels; unknown if either is."""
    return None if one is None or other is None else one - other
