"""Who may see and do what. Every query for a reader starts with `visible_to`.

What somebody has by an organization, they have by `memberships_of`, which knows what closes one.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import wraps
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.access.admins import admin_to_ask, admins_of
from accounts.access.second_factors import factors_of
from accounts.models import Account, Membership, Offer, Organization, Role, Share, Tenure, User
from accounts.shared.http import Request

#: A stretch of time; the end is `None` while it goes on.
Span = tuple[datetime, datetime | None]

OPERATE = frozenset({Role.OPERATOR, Role.ADMIN})
ADMINISTER = frozenset({Role.ADMIN})
#: What the owner of a personal account is called where a role is named.
OWNER = "owner"


class NeedsRole(PermissionDenied):
    """In scope, but beyond the reader's role; names the role that is needed, and who gives it."""

    def __init__(self, role: str, ask: str = "") -> None:
        super().__init__(f"This needs the role {role}.")
        self.role = role
        self.ask = ask

    @classmethod
    def of(cls, role: Role, organization: Organization) -> "NeedsRole":
        """Return the same for a member of an organization, whose admins give roles."""
        admins = admins_of([organization.pk])[organization.pk]
        return cls(role, admin_to_ask(organization, admins))


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


def in_organization(
    view: Callable[[Request, Organization], HttpResponse],
) -> Callable[[Request, UUID], HttpResponse]:
    """Give a view the organization of its address, which the reader administers.

    Out of scope is 404, before any other word; a role that is too low is named before the method.
    """

    @wraps(view)
    def looked_up(request: Request, organization: UUID) -> HttpResponse:
        # Looked for among the reader's own, not in the table: so time betrays no other either.
        own = memberships_of(request.user).select_related("organization")
        member = next((one for one in own if one.organization.uid == organization), None)
        if member is None:
            raise Http404
        if member.role not in ADMINISTER:
            raise NeedsRole.of(Role.ADMIN, member.organization)
        return view(request, member.organization)

    return looked_up


def in_scope(
    view: Callable[[Request, Account], HttpResponse],
) -> Callable[[Request, UUID], HttpResponse]:
    """Give a view the account of its address. Out of scope is 404, before any other word.

    It stands above the check of the method, so that a wrong method betrays nothing either.
    """

    @wraps(view)
    def looked_up(request: Request, uid: UUID) -> HttpResponse:
        return view(request, _readable(request.user, uid))

    return looked_up


def _readable(user: User, uid: UUID) -> Account:
    """Return an account that somebody may read. Raise `Http404`, in the same time whatever exists.

    As conditions of one statement the reader's scope would only be worked out for accounts that
    there are. Fetched before, it costs the same for those that there are not.
    """
    shared = shares_with(user).values_list("account", flat=True)
    allowed = Q(owner=user) | Q(organization__in=open_to(user)) | Q(pk__in=list(shared))
    return get_object_or_404(Account.objects.filter(allowed), uid=uid)


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


def may(user: User, account: Account, roles: frozenset[Role]) -> bool:
    """Whether somebody who sees the account holds one of `roles` for it; an owner holds all."""
    if account.owner_id is not None:
        return account.owner_id == user.pk
    return (
        memberships_of(user).filter(organization=account.organization_id, role__in=roles).exists()
    )


def require(user: User, account: Account, roles: frozenset[Role]) -> None:
    """Raise `NeedsRole` unless somebody holds one of `roles` for the account."""
    if may(user, account, roles):
        return
    if account.organization is None:
        raise NeedsRole(OWNER)
    raise NeedsRole.of(Role.OPERATOR if roles == OPERATE else Role.ADMIN, account.organization)


def require_admin_of(user: User, organization: Organization) -> None:
    """Raise `NeedsRole` unless somebody, who is a member, is an admin of the organization."""
    if not organizations_administered_by(user).filter(pk=organization.pk).exists():
        raise NeedsRole.of(Role.ADMIN, organization)


def operated_accounts(user: User) -> QuerySet[Account]:
    """Return the accounts whose polling somebody may act upon."""
    return _with_roles(user, OPERATE)


def administered_accounts(user: User) -> QuerySet[Account]:
    """Return the accounts whose keys, owner and counting somebody decides about."""
    return _with_roles(user, ADMINISTER)


def organizations_administered_by(user: User) -> QuerySet[Organization]:
    """Return the organizations to which somebody may add accounts."""
    return Organization.objects.filter(
        memberships__in=memberships_of(user).filter(role__in=ADMINISTER)
    ).order_by("name")


def _with_roles(user: User, roles: frozenset[Role]) -> QuerySet[Account]:
    of = memberships_of(user).filter(role__in=roles).values("organization")
    return visible_to(user).filter(Q(owner=user) | Q(organization__in=of))
