"""What every page may say about the installation and about what is closed to its reader."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.access import closed_organizations
from accounts.models import Organization


def installation(_request: HttpRequest) -> dict[str, Any]:
    """Tell templates whether this is the demo, and whose accounts let people in beside ours."""
    company = settings.OIDC_NAME if settings.OIDC_SERVER_URL else ""
    return {"is_demo_installation": settings.DEMO, "company": company}


def closed(request: HttpRequest) -> dict[str, Callable[[], list[Organization]]]:
    """Name the organizations that want a second factor first; asked for by whole pages alone."""
    user = getattr(request, "user", None)

    @cache
    def look() -> list[Organization]:
        return list(closed_organizations(user)) if user and user.is_authenticated else []

    return {"closed_organizations": look}
