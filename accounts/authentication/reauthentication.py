"""Fresh confirmation: who changes keys, members or security has just proved who they are."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest, HttpResponse

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)
View = Callable[Concatenate[R, P], HttpResponse]


def is_fresh(request: HttpRequest) -> bool:
    """Whether the session's newest proof, by sign-in or confirmation, still holds."""
    return seconds_left(request) > 0


def seconds_left(request: HttpRequest) -> float:
    """Return for how long the newest proof holds; less than nothing if it does no more."""
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    newest = max((record["at"] for record in records), default=0.0)
    return float(newest + settings.ACCOUNT_REAUTHENTICATION_TIMEOUT - time.time())


def needs_confirmation(view: View[R, P]) -> View[R, P]:
    """Ask for a fresh confirmation before a view; then lead back to its address.

    allauth's own decorator lets those pass who have neither password nor second factor.
    """

    @wraps(view)
    def asked(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not is_fresh(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return asked
