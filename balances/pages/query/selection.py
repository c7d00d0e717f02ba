"""The accounts that a page is about, now or as of an instant: the same for both."""

from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.access.querysets import visible_to
from accounts.models import Account
from balances.core.assets import Kind, kind_of
from balances.pages.as_of.instant import AsOf
from balances.pages.components.context import Select
from balances.pages.query.account_filter import selects, selects_then
from balances.portfolio.members import Held, Member, members, members_at
from balances.portfolio.scope import Scope


def gathered(scope: Scope, asked: AsOf, asset: str | None = None) -> list[Member]:
    """Load the accounts of a scope with what they hold, without archived ones."""
    if asked.is_past:
        return [one for one in members_at(scope, asked.at, asset) if not one.is_archived]
    return members(scope.user, accounts_of(scope), asset)


def accounts_of(scope: Scope) -> QuerySet[Account]:
    """Return the accounts that a scope is about today, without archived ones."""
    present = visible_to(scope.user).filter(archived_at=None)
    found = scope.narrowing.applied_to(present, scope.user)
    return found if scope.only is None else found.filter(pk__in=scope.only)


def questions(scope: Scope, asked: AsOf) -> tuple[Select, ...]:
    """Return what a page may be narrowed by, among all that its reader sees."""
    seen = visible_to(scope.user)
    if asked.is_past:
        return selects_then(scope.narrowing, Scope(scope.user).at(asked.at), seen, scope.user)
    return selects(scope.narrowing, seen.filter(archived_at=None), scope.user)


def fitting(members: Iterable[Member], asset: str, kind: Kind) -> list[Member]:
    """Return the members in whose accounts an asset of this name is this kind of money."""
    return [m for m in members if kind_of(m.account.environment, asset) == kind]


def holding(member: Member, asset: str) -> Held | None:
    """Return what a member holds of an asset; one that it never held is nothing."""
    return next((one for one in member.holdings if one.asset == asset), None)
