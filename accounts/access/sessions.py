"""Where people are signed in: each sign-in's browser and place, by the digest of its session."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.access.session_store import SessionStore, digest
from accounts.models import User

#: So much of a browser's name has room in the table.
LONGEST_AGENT: Final = 200
#: Where allauth keeps how the person of a session has proved who they are.
_METHODS = "account_authentication_methods"


def note(request: HttpRequest, user: User, **_: Any) -> None:
    """Write down that somebody is signed in here, with the session that they have from now on."""
    if not request.session.session_key:
        request.session.save()
    agent = request.META.get("HTTP_USER_AGENT", "")
    told = {
        "user": user,
        "ip": get_adapter().get_client_ip(request),
        "user_agent": agent[:LONGEST_AGENT],
    }
    key = digest(request.session.session_key or "")
    UserSession.objects.update_or_create(session_key=key, defaults=told)


def standing(user: User) -> list[UserSession]:
    """Return a person's sessions that have not ended; what is left of others is deleted."""
    noted = list(UserSession.objects.filter(user_id=user.pk))
    held = _held(noted)
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    ended = [one for one in noted if not _is_of(held.get(one.session_key, {}), user, hashes)]
    UserSession.objects.filter(pk__in=[one.pk for one in ended]).delete()
    return [one for one in noted if one not in ended]


def is_this(session: UserSession, request: HttpRequest) -> bool:
    """Whether a session is that of the request."""
    return bool(session.session_key == digest(request.session.session_key or ""))


def end(sessions: Iterable[UserSession]) -> int:
    """End sessions; return how many that were."""
    keys = [one.session_key for one in sessions]
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)


def end_others(user: User, *, but: str | None) -> int:
    """End every session of a person but the one with this key; return how many that were."""
    others = UserSession.objects.filter(user_id=user.pk)
    return end(others.exclude(session_key=digest(but)) if but else others)


def end_begun_with(user: User, subjects: Iterable[str], *, but: str | None) -> int:
    """End a person's sessions that began by one of these company accounts; return how many."""
    noted = UserSession.objects.filter(user_id=user.pk)
    held = _held(noted.exclude(session_key=digest(but)) if but else noted)
    wanted = set(subjects)
    return end([one for one in noted if _subjects(held.get(one.session_key, {})) & wanted])


def counted() -> Counter[int]:
    """Return how many sessions each person has; what is left of ended ones is among them."""
    return Counter(UserSession.objects.values_list("user_id", flat=True))


def end_all() -> int:
    """End every session of everybody; return how many of people that were."""
    Session.objects.all().delete()
    return int(UserSession.objects.all().delete()[0])


def forget_ended() -> None:
    """Delete what is left of sessions that have ended by themselves."""
    SessionStore.clear_expired()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def _held(noted: Iterable[UserSession]) -> dict[str, dict[str, Any]]:
    """Return what stored sessions hold, by their digests."""
    keys = [one.session_key for one in noted]
    stored = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    store = SessionStore()
    return {one.session_key: store.decode(one.session_data) for one in stored}


def _is_of(held: dict[str, Any], user: User, hashes: Iterable[str]) -> bool:
    """Whether a session is the person's still: it ends with the password it began by."""
    if held.get(SESSION_KEY) != str(user.pk):
        return False
    return any(constant_time_compare(held.get(HASH_SESSION_KEY, ""), one) for one in hashes)


def _subjects(held: dict[str, Any]) -> set[str]:
    methods = held.get(_METHODS, [])
    return {str(one.get("uid")) for one in methods if one.get("method") == "socialaccount"}
