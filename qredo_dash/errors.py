"""Pages for what goes wrong."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import NeedsRole


def forbidden(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    """Name the role that is needed."""
    needed = exception.role if isinstance(exception, NeedsRole) else ""
    return render(request, "403.html", {"needed_role": needed}, status=403)
