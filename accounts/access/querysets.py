"""Who may see and do what. Every query for a reader starts with `visible_to`.

What somebody has by an organization, they have by `memberships_of`, which knows what closes one.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.access.second_factors import factors_of
from accounts.models import Account, Membership, Offer, Organization, Share, Tenure, User

#: A stretch of time; the end is `None` while it goes on.
Span = tuple[datetime, datetime | None]


def visible_to(user: User | AnonymousUser) -> QuerySet[Account]:
    """Return the accounts that somebody may read.

    Their own, those of their organizations, and personal ones whose share they have accepted.

    A superuser administers the installation and sees no account by that alone.
    """
    if not user.is_authenticated or not user.is_active:
        return Account.objects.none()
    return Account.objects.filter(
        Q(owner=user)
        | Q(organization__in=memberships_of(user).values("organization"))
        | Q(pk__in=shares_with(user).values("account"))
    )


def shares_with(user: User) -> QuerySet[Share]:
    """Return the shares that somebody reads by: those whose account is its owner's still."""
    return Share.objects.filter(user=user, owner=F("account__owner"))


def offers_to(user: User) -> QuerySet[Offer]:
    """Return what is offered to somebody's address by those whose accounts it is still.

    An offer opens nothing. It is about the address: the person who signs in with it may answer.
    """
    address = User.objects.filter(pk=user.pk).values("email")
    return Offer.objects.filter(email__in=address, owner=F("account__owner")).exclude(owner=user)


def tenures_of(user: User) -> QuerySet[Tenure]:
    """Return the tenures whose figures somebody may see: permissions are today's."""
    shared = shares_with(user).filter(account=OuterRef("account"), owner=OuterRef("owner"))
    return Tenure.objects.filter(
        Q(owner=user)
        | Q(organization__in=memberships_of(user).values("organization"))
        | Exists(shared)
    )


def summed_tenures_of(user: User) -> QuerySet[Tenure]:
    """Return those of them whose amounts are in somebody's totals."""
    return tenures_of(user).filter(in_totals_of(user))


def in_totals_of(user: User) -> Q:
    """Return which tenures are in the totals of somebody who may see them.

    What another person shares is in them only if the reader says so, for all of its time: like the
    share itself, that is decided today.
    """
    counted = shares_with(user).filter(
        account=OuterRef("account"), owner=OuterRef("owner"), is_counted=True
    )
    own = Q(owner=user) | Q(owner=None) | Q(Exists(counted))
    return Q(is_counted=True, is_archived=False) & own


def count_as_read(user: User, tenures: Iterable[Tenure]) -> None:
    """Let tenures, which are not saved, say whether they count for the reader of a page."""
    shared = [one for one in tenures if one.owner_id not in {None, user.pk}]
    if not shared:
        return
    counted = set(shares_with(user).filter(is_counted=True).values_list("account", flat=True))
    for one in shared:
        one.is_counted = one.is_counted and one.account_id in counted


def memberships_of(user: User) -> QuerySet[Membership]:
    """Return the memberships that open something to somebody now.

    Where a second factor is required, one opens nothing to those who have none.
    """
    return Membership.objects.filter(
        Q(organization__requires_second_factor=False) | Exists(factors_of(user)), user=user
    )


def closed_organizations(user: User) -> QuerySet[Organization]:
    """Return the organizations that somebody belongs to and sees only with a second factor."""
    closed = Membership.objects.filter(user=user).exclude(pk__in=memberships_of(user))
    return Organization.objects.filter(memberships__in=closed).order_by("name")


def open_to(user: User) -> list[int]:
    """Return the ids of the organizations that are open to somebody, to look for things in."""
    return list(memberships_of(user).values_list("organization", flat=True))


def visible_at(user: User, at: datetime) -> QuerySet[Account]:
    """Return the accounts whose owner at `at` is one whose accounts somebody may read today.

    What an instant shows is decided by the ownership of that instant; memberships are today's.
    """
    then = tenures_of(user).filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at), began_at__lte=at)
    return Account.objects.filter(pk__in=then.values("account"))


def seen_ever(user: User) -> QuerySet[Account]:
    """Return the accounts some of whose time somebody may read, those given away since, too.

    For pages of the past alone, whose figures are those of `visible_at`; nobody acts by it.
    """
    return Account.objects.filter(pk__in=tenures_of(user).values("account"))


def spans_of(user: User, accounts: Collection[int]) -> dict[int, list[Span]]:
    """Return, by account, the stretches of time whose figures somebody may see."""
    return joined_spans(tenures_of(user).filter(account__in=accounts))


def joined_spans(tenures: QuerySet[Tenure]) -> dict[int, list[Span]]:
    """Return, by account, the stretches of time of tenures; those that adjoin are one."""
    return joined(tenures.order_by("began_at").values_list("account", "began_at", "ended_at"))


def joined(rows: Iterable[tuple[int, datetime, datetime | None]]) -> dict[int, list[Span]]:
    """Return the same from account, beginning and end of each tenure, in their order."""
    found: dict[int, list[Span]] = {}
    for account_id, began, ended in rows:
        spans = found.setdefault(account_id, [])
        if spans and spans[-1][1] == began:
            spans[-1] = (spans[-1][0], ended)
        else:
            spans.append((began, ended))
    return found
