"""Pages for what goes wrong."""

import sys
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.urls import Resolver404, resolve

from accounts.access.roles import NeedsRole
from accounts.shared.addresses import way_back
from qredo_dash.http import outages

#: Addresses that somebody who is signed in already has no need of.
_OF_SIGNING_IN = {"sign-in", "account_login", "mfa_authenticate", "mfa_login_webauthn"}


def forbidden(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    """Name the role that is needed."""
    needs = exception if isinstance(exception, NeedsRole) else NeedsRole("")
    told = {"needed_role": needs.role, "ask": needs.ask}
    return render(request, "403.html", told, status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """Say that something broke, or that the database is away."""
    error = sys.exc_info()[1]
    if error is not None and outages.is_away(error):
        outages.OUTAGE.begin(error)
        return outages.page(request)
    return render(request, "500.html", status=500)


def not_that_way(request: HttpRequest, refused: HttpResponse) -> HttpResponse:
    """Put a page with a way out into the answer to a method that an address does not take."""
    page = render(request, "405.html", status=refused.status_code)
    page.headers["Allow"] = refused.headers["Allow"]
    return page


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say why a form was not taken: its origin is unknown here, or its page is out of date."""
    is_elsewhere = reason.startswith(("Origin checking", "Referer checking"))
    if not is_elsewhere and _name_of(request) in _OF_SIGNING_IN:
        return _on_from_sign_in(request)
    context = {
        "is_elsewhere": is_elsewhere,
        "origin": request.headers.get("Origin", "") if is_elsewhere else "",
    }
    return render(request, "403_csrf.html", context, status=403)


def _name_of(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""


def _on_from_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead whom another tab has signed in to where they wanted to go; others sign in anew."""
    back = way_back(request, otherwise=resolve_url("overview"))
    if request.user.is_authenticated:
        return HttpResponseRedirect(back)
    messages.warning(request, "This page was out of date: nothing was sent. Please sign in again.")
    return redirect(f"{resolve_url('sign-in')}?{urlencode({'next': back}, safe='/')}")
