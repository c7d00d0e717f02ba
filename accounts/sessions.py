"""Where somebody is signed in."""

from allauth.usersessions.models import UserSession

from accounts.models import User


def end_others(user: User, *, but: str | None) -> None:
    """End every session of somebody but the one with this key."""
    for session in UserSession.objects.filter(user_id=user.pk).exclude(session_key=but):
        session.end()
