"""What every page may say about the installation and about what is closed to its reader."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.audit.reading import oversees
from accounts.compiled import ids_closed_to
from accounts.models import Organization, User


def installation(request: HttpRequest) -> dict[str, Any]:
    """Tell templates whether this is the demo, who lets people in, what the reader oversees.

    The latter is asked of the database by the pages that show it, not by fragments.
    """
    return {
        "is_demo_installation": settings.DEMO,
        "company": settings.OIDC_NAME if settings.OIDC_SERVER_URL else "",
        "oversees": SimpleLazyObject(lambda: _oversees(request)),
    }


def _oversees(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return isinstance(user, User) and oversees(user)


def closed(request: HttpRequest) -> dict[str, Callable[[], list[Organization]]]:
    """Name the organizations that want a second factor first; asked for by whole pages alone."""
    user = getattr(request, "user", None)

    @cache
    def look() -> list[Organization]:
        return _closed_to(user) if isinstance(user, User) else []

    return {"closed_organizations": look}


def _closed_to(user: User) -> list[Organization]:
    closed = ids_closed_to(user)
    with connection.cursor() as cursor:
        cursor.execute(closed.text, closed.values)
        ids = [pk for (pk,) in cursor.fetchall()]
    # Seldom anything: then nothing is built, on every page.
    return list(Organization.objects.filter(pk__in=ids).order_by("name")) if ids else []
