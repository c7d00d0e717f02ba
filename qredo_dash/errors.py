"""Pages for what goes wrong."""

import sys

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import NeedsRole
from qredo_dash.http import outages


def forbidden(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    """Name the role that is needed."""
    needed = exception.role if isinstance(exception, NeedsRole) else ""
    return render(request, "403.html", {"needed_role": needed}, status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """Say that something broke, or that the database is away."""
    error = sys.exc_info()[1]
    if error is not None and outages.is_away(error):
        outages.OUTAGE.begin(error)
        return outages.page(request)
    return render(request, "500.html", status=500)
