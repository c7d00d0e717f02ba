"""Who belongs to an organization and with which role; it is never left without an admin."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from accounts import company_accounts
from accounts.access import sessions
from accounts.access.second_factors import factors_of
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.audit.vocabulary import Facts
from accounts.models import Invitation, Membership, Organization, Role, User


class MembersError(Exception):
    """What was asked for cannot be done; the message says why, to whoever asked."""


@contextmanager
def kept_administered(organization: Organization) -> Iterator[None]:
    """Let nobody else change members meanwhile; take back what would leave no admin."""
    with together():
        Organization.objects.select_for_update().get(pk=organization.pk)
        yield
        admins = organization.memberships.filter(role=Role.ADMIN, user__is_active=True)
        if not admins.exists():
            raise MembersError("An organization needs an admin. Make somebody else one first.")


def change_role(organization: Organization, *, email: str, role: Role, by: User) -> Membership:
    """Give a member another role; it holds from their next request on."""
    with kept_administered(organization):
        member = _member(organization, email)
        was, member.role = member.role, role
        member.save(update_fields=["role"])
        if role != Role.ADMIN:
            _withdraw_invitations_by(member)
        if was != role:
            before, after = {"role": was}, {"role": str(role)}
            record("member.role_changed", _about(member), by=by, before=before, after=after)
    return member


def remove(organization: Organization, *, email: str, by: User) -> Membership:
    """End a membership; from the next request on the person sees nothing by it."""
    with kept_administered(organization):
        member = _member(organization, email)
        Membership.objects.filter(pk=member.pk).delete()
        _withdraw_invitations_by(member)
        record("member.removed", _about(member), by=by, before={"role": member.role})
    return member


def end_sessions(organization: Organization, *, email: str, by: User, but: str | None) -> int:
    """End every session of a member but the one with the key `but`; return how many that were."""
    with together():
        member = _member(organization, email)
        ended = sessions.end_others(member.user, but=but if member.user == by else None)
        told: Facts = {"sessions": ended}
        for about in (objects.person(member.user), _about(member)):
            record("session.ended", about, by=by, after=told)
    return ended


def disconnect(organization: Organization, *, email: str, by: User, but: str | None) -> int:
    """End a member's connection with a company's account; return how many there were.

    Raise `MembersError` where it is their only way in: an admin could not give them another one.
    """
    member = _member(organization, email)
    if company_accounts.is_only_way_in(member.user):
        raise MembersError(
            f"{member.user.email} has no other way to sign in. Let them add a passkey first, or"
            " remove them here; the operator can end it at once (disconnect_company)."
        )
    return company_accounts.disconnect(member.user, by=by, but=but if member.user == by else None)


def require_second_factor(organization: Organization, *, required: bool, by: User) -> None:
    """Close the organization to members without a second factor, or open it to them again."""
    if required and not factors_of(by).exists():
        raise MembersError("Set up a second factor of your own first: you would be shut out.")
    with together():
        changed = Organization.objects.filter(pk=organization.pk).exclude(
            requires_second_factor=required
        )
        if changed.update(requires_second_factor=required):
            told: Facts = {"required": required}
            record("organization.factor", objects.organization(organization), by=by, after=told)


def _about(member: Membership) -> objects.Thing:
    log = objects.log_of_organization(member.organization)
    return objects.person(member.user, log=log)


def _member(organization: Organization, email: str) -> Membership:
    found = (
        organization.memberships.filter(user__email=email)
        .select_related("user", "organization")
        .first()
    )
    if found is None:
        raise MembersError("This person is not a member any more.")
    return found


def _withdraw_invitations_by(member: Membership) -> None:
    # Otherwise somebody could leave a door for themselves behind.
    Invitation.objects.filter(
        organization=member.organization_id, by=member.user_id, accepted_at=None, revoked_at=None
    ).update(revoked_at=timezone.now())
