"""What every page may say about the installation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def installation(_request: HttpRequest) -> dict[str, Any]:
    """Tell templates whether this is the demo."""
    return {"is_demo_installation": settings.DEMO}
