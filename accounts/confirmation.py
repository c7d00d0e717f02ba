"""Fresh confirmation: who changes keys, members or security has just proved who they are."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.http import HttpRequest, HttpResponse

View = TypeVar("View", bound=Callable[..., HttpResponse])


def is_fresh(request: HttpRequest) -> bool:
    """Whether the session's newest proof, by sign-in or confirmation, still holds."""
    records = get_authentication_records(request, request.user)
    newest = max((record["at"] for record in records), default=0.0)
    return bool(time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def needs_confirmation(view: View) -> View:
    """Ask for a fresh confirmation before a view; then lead back to its address."""
    guarded: Callable[..., HttpResponse] = reauthentication_required(app="accounts")(view)

    @wraps(view)
    def asked(*args: Any, **kwargs: Any) -> HttpResponse:
        return guarded(*args, **kwargs)

    return asked  # type: ignore[return-value] # called as the view itself is
