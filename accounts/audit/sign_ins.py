"""Sign-ins, failed ones, sign-outs and second factors, told by signals: alike for every way.

Who signs in does so to their own accounts and to those of their organizations: the act is in the
person's log and in each organization's. A failure is in one log, whoever was meant, so that it
takes as long for an address that nobody has.
"""

import logging
from typing import Any

from allauth.account.signals import password_reset
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.cache import cache
from django.utils import timezone

from accounts.audit import objects
from accounts.audit.objects import INSTALLATION, Thing
from accounts.audit.recording import NOBODY, record, together
from accounts.audit.vocabulary import Facts
from accounts.models import Organization, User
from accounts.shared import origins

logger = logging.getLogger(__name__)

#: So many failures of a day and log are acts of their own; then every doubling of their number is
#: one. Acts are kept for good, and failures are anybody's to make.
TOLD_SINGLY = 5
#: What a sign-in may call the e-mail address.
_NAMES = ("username", "email", "login")


def watch() -> None:
    """Listen from now on."""
    user_logged_in.connect(_signed_in, dispatch_uid="audit")
    user_logged_out.connect(_signed_out, dispatch_uid="audit")
    user_login_failed.connect(_failed, dispatch_uid="audit")
    password_reset.connect(_reset, dispatch_uid="audit")
    authenticator_added.connect(_factor_added, dispatch_uid="audit")
    authenticator_removed.connect(_factor_removed, dispatch_uid="audit")
    authenticator_reset.connect(_factor_added, dispatch_uid="audit")


def _signed_in(user: User, **_: Any) -> None:
    _record_everywhere("sign_in", user)


def _signed_out(user: User | None, **_: Any) -> None:
    if user is not None:  # the session may have ended before
        _record_everywhere("sign_out", user)


def _record_everywhere(act: str, user: User) -> None:
    with together():
        record(act, objects.person(user), by=user)
        for organization in Organization.objects.filter(memberships__user=user):
            log = objects.log_of_organization(organization)
            record(act, objects.person(user, log=log), by=user)


def _reset(user: User, **_: Any) -> None:
    # Whoever holds the link has not signed in yet.
    record("password.reset", objects.person(user), by=NOBODY)


def _factor_added(user: User, authenticator: Authenticator, **_: Any) -> None:
    about = objects.person(user)
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        record("factor.codes_made", about, by=user)
    else:
        record("factor.added", about, by=user, after={"kind": str(authenticator.type)})


def _factor_removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    told: Facts = {"kind": str(authenticator.type)}
    record("factor.removed", objects.person(user), by=user, before=told)


def _failed(credentials: dict[str, Any], **_: Any) -> None:
    about = _meant(credentials)
    count = _counted(about.log)
    logger.warning("a sign-in failed from %s, number %d today in %s", _place(), count, about.log)
    if count <= TOLD_SINGLY or (count & (count - 1)) == 0:
        record("sign_in.failed", about, by=NOBODY, after={"today": count})


def _counted(log: str) -> int:
    """Return how many sign-ins have failed today in a log, this one included."""
    key = f"failed-sign-ins:{timezone.now():%Y-%m-%d}:{log.replace(' ', ':')}"
    cache.add(key, 0, timeout=2 * 24 * 60 * 60)
    return int(cache.incr(key))


def _place() -> str:
    return origins.current().address or "an unknown place"


def _meant(credentials: dict[str, Any]) -> Thing:
    """Return the person whose address was typed.

    An address that nobody has is not kept: it may be a stranger's, or a password in the wrong
    field.
    """
    typed = next((str(credentials[name]) for name in _NAMES if credentials.get(name)), "")
    email = typed.replace("\0", "").strip().lower()
    found = User.objects.filter(email=email).first()
    return objects.person(found) if found else Thing("person", "", "", INSTALLATION)
