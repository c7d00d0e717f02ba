"""Connections of people with a company's accounts: made after proof, on record, ended at once.

A connection lets its company account sign in as its person, whatever password the person has. A
person has one; it holds the number (subject) that the company's server gives the account.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.access import sessions
from accounts.access.oidc_server import COMPANY, issuer_of
from accounts.audit import objects
from accounts.audit.recording import NOBODY, Doer, record, together
from accounts.audit.vocabulary import Facts
from accounts.models import Organization, User
from accounts.shared import mail


class OtherConnectedError(Exception):
    """The person, or the company account, has another connection already."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A connection as pages show it."""

    number: int
    issuer: str
    since: datetime
    last_used: datetime


def shown(user: User) -> list[Shown]:
    """Return a person's connections, oldest first; before there was one for each, several arose."""
    return [
        Shown(one.pk, issuer_of(one) or settings.OIDC_SERVER_URL, one.date_joined, one.last_login)
        for one in _of(user).order_by("date_joined", "pk")
    ]


def exists(user: User) -> bool:
    """Whether a company's account signs in as this person."""
    return bool(_of(user).exists())


def has_other_way_in(user: User) -> bool:
    """Whether a person can sign in without a company: by password or by passkey."""
    passkeys = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)
    return user.has_usable_password() or bool(passkeys.exists())


def is_only_way_in(user: User) -> bool:
    """Whether a person without a company's account could not sign in any more."""
    return exists(user) and not has_other_way_in(user)


def connect(user: User, account: SocialAccount) -> None:
    """Let a company's account sign in as a person. Raise `OtherConnectedError`; then nothing is."""
    try:
        with together():
            User.objects.select_for_update().get(pk=user.pk)
            if exists(user):
                raise OtherConnectedError
            account.user = user
            with transaction.atomic():
                account.save()
            told: Facts = {"issuer": issuer_of(account)}
            _record("company.connected", user, by=user, after=told)
    except IntegrityError:
        raise OtherConnectedError from None
    mail.send("company_connected", user.email, {"company": settings.OIDC_NAME})


def refused(user: User) -> None:
    """Put on record that another company account came with a person's address."""
    record("company.refused", objects.person(user), by=NOBODY)


def disconnect(
    user: User, *, by: User | Doer | None, only: int | None = None, but: str | None = None
) -> int:
    """End a person's connections, or one of them, and the sessions that began by them.

    Return how many that were. The session with the key `but` goes on.
    """
    with together():
        found = _of(user).select_for_update()
        ended = list(found if only is None else found.filter(pk=only))
        if not ended:
            return 0
        SocialAccount.objects.filter(pk__in=[one.pk for one in ended]).delete()
        sessions.end_begun_with(user, [one.uid for one in ended], but=but)
        for one in ended:
            told: Facts = {"issuer": issuer_of(one)}
            _record("company.disconnected", user, by=by, before=told)
    mail.send("company_disconnected", user.email, {"company": settings.OIDC_NAME})
    return len(ended)


def _of(user: User) -> QuerySet[SocialAccount]:
    found: QuerySet[SocialAccount] = SocialAccount.objects.filter(provider=COMPANY, user_id=user.pk)
    return found


def _record(
    act: str,
    user: User,
    *,
    by: User | Doer | None,
    before: Facts | None = None,
    after: Facts | None = None,
) -> None:
    for log in _logs(user):
        record(act, objects.person(user, log=log), by=by, before=before, after=after)


def _logs(user: User) -> Iterable[str]:
    """Return the logs that a way of signing in concerns: the person's and their organizations'."""
    yield objects.log_of_person(user.pk)
    for organization in Organization.objects.filter(memberships__user=user):
        yield objects.log_of_organization(organization)
