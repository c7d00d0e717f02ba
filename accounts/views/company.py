"""Signing in with a company's own accounts, by OpenID Connect, and the connection that it needs."""

import logging
from collections.abc import Callable
from typing import Any

from allauth.core.internal import ratelimit
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from requests import RequestException

from accounts import company_accounts
from accounts.access import oidc_server
from accounts.authentication.oidc import CONNECTS
from accounts.authentication.reauthentication import needs_confirmation
from accounts.shared.http import Request

logger = logging.getLogger(__name__)


@login_not_required
@require_safe
def go(request: HttpRequest) -> HttpResponse:
    """Go there; of what was asked for, only the way back counts."""
    return _sent(request)


@login_not_required
@require_safe
def back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back."""
    if provider_id != oidc_server.COMPANY:
        raise Http404
    return _asked(request, lambda: oidc_server.receive(request))


@require_safe
@needs_confirmation
def connect(request: Request) -> HttpResponse:
    """Go there to be connected."""
    return _sent(request, **{CONNECTS: request.user.pk})


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: Request) -> HttpResponse:
    """Show which company account signs in as the reader; end it."""
    if request.method == "POST":
        return _end(request)
    found = company_accounts.shown(request.user)
    context = {
        "connections": found,
        "company": settings.OIDC_NAME,
        "may_connect": bool(settings.OIDC_SERVER_URL) and not found,
        "may_end": company_accounts.has_other_way_in(request.user) or len(found) > 1,
    }
    return render(request, "accounts/company.html", context)


@needs_confirmation
def _end(request: Request) -> HttpResponse:
    number = request.POST.get("connection", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return redirect("company-account")
    user, own = request.user, request.session.session_key
    if not company_accounts.has_other_way_in(user) and len(company_accounts.shown(user)) < 2:
        messages.error(request, "You have no other way to sign in. Add a passkey first.")
    elif company_accounts.disconnect(user, by=user, only=int(number), but=own):
        messages.success(request, "The connection has ended, and sessions that began by it.")
    return redirect("company-account")


def _sent(request: HttpRequest, **data: Any) -> HttpResponse:
    # Each one is a session that is stored.
    if not ratelimit.consume(request, app="allauth.account", action="company", limit_get=True):
        return render(request, "429.html", status=429)
    return _asked(request, lambda: oidc_server.send(request, **data))


def _asked(request: HttpRequest, ask: Callable[[], HttpResponse]) -> HttpResponse:
    """Return an answer for which the company's server is asked; it may not be there."""
    try:
        return ask()
    except (OAuth2Error, RequestException) as error:
        unproven = isinstance(error, oidc_server.UnprovenError)
        logger.error(  # noqa: TRY400 - named
            "the company's server cannot be used: %s", error if unproven else type(error).__name__
        )
        name = settings.OIDC_NAME
        messages.error(request, f"The server of {name} cannot be used now. Try again later.")
        return redirect("sign-in")
