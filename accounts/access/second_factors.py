"""Who has a second factor, and what becomes of their other sessions when they get one."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.access import sessions
from accounts.models import Role, User

#: Recovery codes alone are none: they only ever stand in for one of these.
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def of_anybody() -> "QuerySet[Any]":
    """Return everybody's authenticator apps and passkeys."""
    factors: QuerySet[Any] = Authenticator.objects.filter(type__in=KINDS)
    return factors


def factors_of(user: User) -> "QuerySet[Any]":
    """Return somebody's authenticator app and passkeys."""
    return of_anybody().filter(user_id=user.pk)


def is_bare_admin(user: User) -> bool:
    """Whether a person administers an organization and signs in by one factor alone."""
    administers: bool = user.memberships.filter(role=Role.ADMIN).exists()
    return administers and not factors_of(user).exists()


def end_sessions_without(request: HttpRequest, user: User, **_: Any) -> None:
    """End the sessions that began before the person's first factor, by password alone."""
    if factors_of(user).count() == 1:
        sessions.end_others(user, but=request.session.session_key)
