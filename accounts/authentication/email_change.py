"""Another e-mail address for a person: proved by a link sent there, told to the one before.

Nothing is stored until the link is opened: it is signed, for an hour, and names the address that
it replaces, so that it works once. Addresses stay in `User`; allauth's table of them stays empty.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.core import signing
from django.db import IntegrityError, transaction

from accounts.access import sessions
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.models import User

#: What sets these links apart from all else that is signed here.
SALT: Final = "accounts.authentication.email_change"
SECONDS: Final = 60 * 60


class GoneError(Exception):
    """The link is too old, was used, or was never made."""


class TakenError(Exception):
    """Somebody has the address by now."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants which address."""

    person: int
    before: str
    wanted: str


def ask(user: User, wanted: str) -> str | None:
    """Return the text of a link to be sent to an address; none if somebody has it already."""
    with together():
        record("email.asked", objects.person(user), by=user, after={"email": wanted})
    if User.objects.filter(email=wanted).exists():
        return None
    return signing.dumps([user.pk, user.email, wanted], salt=SALT)


def read(token: str | None, user: User) -> Wish:
    """Return what a link is for, if it is this person's and of use still. Raise `GoneError`."""
    try:
        told: Any = signing.loads(token or "", salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        raise GoneError from None
    wish = Wish(*told)
    if (wish.person, wish.before) != (user.pk, user.email):
        raise GoneError
    return wish


def change(wish: Wish, user: User, *, session: str | None) -> None:
    """Put the address in place; every other session ends. Raise `GoneError` or `TakenError`."""
    with together():
        own = User.objects.filter(pk=user.pk, email=wish.before)
        try:
            with transaction.atomic():
                changed = own.update(email=wish.wanted)
        except IntegrityError:
            raise TakenError from None
        if not changed:
            raise GoneError
        before, after = {"email": wish.before}, {"email": wish.wanted}
        record("email.changed", objects.person(user), by=user, before=before, after=after)
    sessions.end_others(user, but=session)
