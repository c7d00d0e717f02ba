"""What every page may say about the installation and about what is closed to its reader."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from accounts.audit.reading import overseeing_memberships
from accounts.compiled import ids_closed_to, ids_for
from accounts.models import Organization, User


def installation(_request: HttpRequest) -> dict[str, Any]:
    """Tell templates whether this is the demo, and who lets people in."""
    return {
        "is_demo_installation": settings.DEMO,
        "company": settings.OIDC_NAME if settings.OIDC_SERVER_URL else "",
    }


def reader(request: HttpRequest) -> dict[str, Callable[[], Any]]:
    """Tell whether the reader oversees a log, and which organizations want a second factor first.

    Asked of the database by whole pages, which show it, not by fragments.
    """
    user = getattr(request, "user", None)

    @cache
    def look() -> tuple[bool, list[Organization]]:
        return _look(user) if isinstance(user, User) else (False, [])

    return {"oversees": lambda: look()[0], "closed_organizations": lambda: look()[1]}


def _look(user: User) -> tuple[bool, list[Organization]]:
    overseeing, closed = ids_for(user, overseeing_memberships), ids_closed_to(user)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS ({overseeing.text}), ARRAY({closed.text})",
            {**overseeing.values, **closed.values},
        )
        oversees, ids = cursor.fetchone()
    # Seldom anything: then nothing is built, on every page.
    found = Organization.objects.filter(pk__in=ids).order_by("name") if ids else ()
    return user.is_superuser or oversees, list(found)
