"""Letting people in: an admin makes a link, whoever is sent it takes it up, once."""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.audit.vocabulary import Facts
from accounts.models import Invitation, Membership, Organization, Role, User

#: Where a session keeps the uid of the invitation whose link was opened.
HELD = "invitation"


class AlreadyMemberError(Exception):
    """The person is a member already."""


class GoneError(Exception):
    """The invitation was taken up, withdrawn or replaced, or it has expired."""


def invite(organization: Organization, *, email: str, role: Role, by: User) -> str:
    """Return the text of a new link, which is kept nowhere; an earlier one to the person ends."""
    if organization.memberships.filter(user__email=email).exists():
        raise AlreadyMemberError
    token = secrets.token_urlsafe(32)
    with together():
        Organization.objects.select_for_update().get(pk=organization.pk)
        _open(organization).filter(email=email).update(revoked_at=timezone.now())
        Invitation.objects.create(
            organization=organization,
            email=email,
            role=role,
            by=by,
            link_digest=_digest(token),
            expires_at=timezone.now() + timedelta(days=settings.INVITATION_DAYS),
        )
        about = objects.invited(email, organization)
        record("member.invited", about, by=by, after={"role": str(role)})
    return token


def standing(organization: Organization) -> QuerySet[Invitation]:
    """Return the invitations that nobody has taken up yet, expired ones too."""
    return _open(organization).select_related("by").order_by("created_at")


def withdraw(organization: Organization, *, email: str, by: User) -> bool:
    """End what stands of invitations to a person; return whether there was one."""
    with together():
        ended = _open(organization).filter(email=email).update(revoked_at=timezone.now())
        if ended:
            record("invitation.withdrawn", objects.invited(email, organization), by=by)
    return bool(ended)


def find(token: str) -> Invitation:
    """Return the invitation of a link. Raise `GoneError`."""
    return _takeable(Invitation.objects.filter(link_digest=_digest(token)))


def again(uid: str | None) -> Invitation:
    """Return the invitation whose link was opened before, if one was. Raise `GoneError`."""
    if uid is None:
        raise GoneError
    return _takeable(Invitation.objects.filter(uid=uid))


def join(invitation: Invitation, user: User) -> None:
    """Make somebody a member, once. Raise `GoneError`. Whoever is one keeps their role."""
    with together():
        locked = _takeable(
            Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation.pk)
        )
        locked.accepted_at = timezone.now()
        locked.save(update_fields=["accepted_at"])
        _, is_new = Membership.objects.get_or_create(
            organization=locked.organization, user=user, defaults={"role": locked.role}
        )
        if is_new:
            log = objects.log_of_organization(locked.organization)
            told: Facts = {"role": locked.role}
            record("member.added", objects.person(user, log=log), by=user, after=told)


def join_as_new(invitation: Invitation, *, name: str, password: str | None) -> User:
    """Make the invited person and let them join. Raise `GoneError`; then nobody is made."""
    with together():
        user = User.objects.create_user(invitation.email, password, name=name)
        record("person.added", objects.person(user), by=user)
        join(invitation, user)
    return user


def _takeable(found: QuerySet[Invitation]) -> Invitation:
    now = timezone.now()
    still = found.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)
    invitation = still.select_related("organization", "by").first()
    if invitation is None:
        raise GoneError
    return invitation


def _open(organization: Organization) -> QuerySet[Invitation]:
    return organization.invitations.filter(accepted_at=None, revoked_at=None)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
