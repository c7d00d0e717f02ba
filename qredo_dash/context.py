"""What every page may say about the installation and about what is closed to its reader."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from accounts.access.compiled import ids_closed_to, ids_for
from accounts.access.querysets import offers_to
from accounts.audit.reading import overseeing_memberships
from accounts.authentication import reauthentication
from accounts.models import Organization, User
from accounts.shared.demo_data import stored
from balances.core import number_formats
from qredo_dash import session_limits


def installation(_request: HttpRequest) -> dict[str, Any]:
    """Tell templates what of the demo there is (whole pages alone ask), and who lets people in."""
    return {
        "demo_line": _demo_line,
        "company": settings.OIDC_NAME if settings.OIDC_SERVER_URL else "",
        "numbers": number_formats.current(),
    }


def _demo_line() -> str:
    """Say that balances are the demo's: by what is stored, whatever the setting says today."""
    there = stored()
    if there.demo and there.real:
        return "Demo accounts are among these: their balances are made up and in no total"
    if there.demo or settings.DEMO:
        return "Demo data: balances come from the simulator on this machine"
    return ""


def reader(request: HttpRequest) -> dict[str, Callable[[], Any]]:
    """Tell what the reader oversees, what is closed to them, and how much is offered to them.

    Asked of the database by whole pages, which show it, not by fragments.
    """
    user = getattr(request, "user", None)

    @cache
    def look() -> _Look:
        return _look(user) if isinstance(user, User) else _Look()

    return {
        "oversees": lambda: look().oversees,
        "closed_organizations": lambda: look().closed,
        "offers_waiting": lambda: look().offers,
        "session_ends_in": lambda: session_limits.seconds_left(request.session),
        "confirmed_for": lambda: max(0, int(reauthentication.seconds_left(request) // 60)),
    }


class _Look(NamedTuple):
    oversees: bool = False
    closed: Sequence[Organization] = ()
    offers: int = 0


def _look(user: User) -> _Look:
    overseeing, closed = ids_for(user, overseeing_memberships), ids_closed_to(user)
    offers = ids_for(user, offers_to)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS ({overseeing.text}), ARRAY({closed.text}), ARRAY({offers.text})",
            {**overseeing.values, **closed.values, **offers.values},
        )
        oversees, ids, waiting = cursor.fetchone()
    # Seldom anything: then nothing is built, on every page.
    found = Organization.objects.filter(pk__in=ids).order_by("name") if ids else ()
    return _Look(user.is_superuser or oversees, list(found), len(waiting))
