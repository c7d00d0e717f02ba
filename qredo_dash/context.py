"""What every page may say about the installation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.audit.reading import oversees
from accounts.models import User


def installation(request: HttpRequest) -> dict[str, Any]:
    """Tell templates whether this is the demo, and whether the reader oversees anything.

    The latter is asked of the database by the pages that show it, not by fragments.
    """
    return {
        "is_demo_installation": settings.DEMO,
        "oversees": SimpleLazyObject(lambda: _oversees(request)),
    }


def _oversees(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return isinstance(user, User) and oversees(user)
