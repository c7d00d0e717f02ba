"""Sessions in the database, of no use to those who read it.

The cookie's value is stored as its SHA-256, what a session holds is sealed: with a dump or a
replica nobody signs in. The value has 165 random bits, so a digest without a key is enough.
"""

import hashlib
from typing import Any, Final

from django.conf import settings
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.contrib.sessions.models import Session
from django.core.signing import BadSignature
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from accounts.shared import sealing

#: What sets sealed sessions apart from seeds of second factors.
PURPOSE: Final = b"qredo-dash sessions"
#: Characters of the digest that are kept: 160 bits, as many as the table has room for.
KEPT: Final = 40
#: Seconds that a session lasts in which nobody is signed in: on the way to a company, or back.
UNUSED_SECONDS: Final = 60 * 60
_SIGNED_IN: Final = "_auth_user_id"


def digest(value: str) -> str:
    """Return what a cookie's value is stored as; `accounts.0008` says the same in SQL."""
    return hashlib.sha256(value.encode()).hexdigest()[:KEPT]


class SessionStore(SessionBase):
    """Keeps sessions by the digest of their keys; a key itself is in its cookie alone."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing if it has ended."""
        stored = Session.objects.filter(
            session_key=digest(self.session_key or ""), expire_date__gt=timezone.now()
        ).first()
        if stored is None:
            self._session_key = None
            return {}
        return self.decode(stored.session_data)

    def exists(self, session_key: str | None) -> bool:
        """Whether there is a session with this key."""
        return Session.objects.filter(session_key=digest(session_key or "")).exists()

    def create(self) -> None:
        """Begin a session with a key that nobody has."""
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined] # the stubs lack it
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Store what the session holds. Raise `CreateError` or `UpdateError`."""
        if self.session_key is None:
            self.create()
            return
        stored = Session(
            session_key=digest(self.session_key),
            session_data=self.encode(self._get_session(no_load=must_create)),  # type: ignore[attr-defined] # likewise
            expire_date=self.get_expiry_date(),
        )
        try:
            with transaction.atomic():
                stored.save(force_insert=must_create, force_update=not must_create)
        except IntegrityError:
            if must_create:
                raise CreateError from None
            raise
        except DatabaseError:
            if not must_create:
                raise UpdateError from None
            raise

    def delete(self, session_key: str | None = None) -> None:
        """End a session."""
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(session_key=digest(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        """Delete sessions that have ended by themselves."""
        Session.objects.filter(expire_date__lt=timezone.now()).delete()

    def get_session_cookie_age(self) -> int:
        """Return for how long the session lasts; what anybody can begin is soon gone."""
        age: int = settings.SESSION_COOKIE_AGE
        return age if _SIGNED_IN in self else min(age, UNUSED_SECONDS)

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return what a session holds, sealed."""
        return sealing.seal(super().encode(session_dict), purpose=PURPOSE)

    def decode(self, session_data: str | bytes) -> dict[str, Any]:
        """Return what a stored session holds; nothing if it was not sealed here."""
        try:
            opened = sealing.opened(str(session_data), purpose=PURPOSE)
        except BadSignature:
            # Stored before sessions were sealed: signed, and good until it ends.
            opened = str(session_data)
        held: dict[str, Any] = super().decode(opened)
        return held
