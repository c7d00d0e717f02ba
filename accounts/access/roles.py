"""What a person's role lets them do with accounts, and what to say where it does not."""

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet

from accounts.access.admins import admin_to_ask, admins_of
from accounts.access.querysets import memberships_of, visible_to
from accounts.models import Account, Organization, Role, User

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
        """Return the error for a member of an organization; it names the admins to ask."""
        admins = admins_of([organization.pk])[organization.pk]
        return cls(role, admin_to_ask(organization, admins))


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
