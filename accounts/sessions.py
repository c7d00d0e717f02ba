"""Where somebody is signed in."""

from allauth.usersessions.models import UserSession

from accounts.models import User


def end_others(user: User, *, but: str | None) -> int:
    """End every session of somebody but the one with this key; return how many that were."""
    others = list(UserSession.objects.filter(user_id=user.pk).exclude(session_key=but))
    for session in others:
        session.end()
    return len(others)
