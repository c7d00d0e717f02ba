"""What comes between a request and its view: a confirmation to give, limits nobody can count."""

import logging
from http import HTTPStatus
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from redis.exceptions import RedisError

from qredo_dash import errors
from qredo_dash.middleware import Answer

logger = logging.getLogger(__name__)


class Interruptions:
    """Stands innermost, so that allauth's own handling never sees what is handled here."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; most of what is of interest is raised by views."""
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content:
            return errors.not_that_way(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer what is an interruption, not a mistake."""
        if isinstance(error, ReauthenticationRequired):
            return _confirm_first(request)
        if isinstance(error, RedisError):
            return _uncounted(request, error)
        return None


def _confirm_first(request: HttpRequest) -> HttpResponse:
    # allauth would keep what was posted in the session, API secrets and all, and post it later.
    if request.method == "POST":
        messages.info(
            request, "Nothing was changed yet. Confirm that it is you, then send it again."
        )
    return redirect(f"{_way(request)}?{urlencode({'next': request.get_full_path()})}")


def _way(request: HttpRequest) -> str:
    methods = get_adapter().get_reauthentication_methods(request.user)
    if methods:
        return str(methods[0]["url"])
    # Who has neither password nor second factor came from their company and can do so again.
    return resolve_url("company" if settings.OIDC_SERVER_URL else "overview")


def _uncounted(request: HttpRequest, error: RedisError) -> HttpResponse:
    # An attempt that cannot be counted is not let through: guessing must not become free of limits.
    logger.error("attempts cannot be counted: %s", type(error).__name__)
    return render(request, "503.html", status=503)
