"""How a page that is open learns what became of its session, and a form's script a fresh token."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_safe

from accounts.authentication import reauthentication
from qredo_dash import endings
from qredo_dash.session_limits import seconds_left


@login_not_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Tell who is signed in, for how long still, and whether they have confirmed it lately."""
    return JsonResponse({"token": get_token(request), **_state(request)})


def _state(request: HttpRequest) -> dict[str, Any]:
    if not request.user.is_authenticated:
        return {"person": None, "why": endings.why_ended(request)}
    return {
        "person": str(request.user.pk),
        "ends_in": seconds_left(request.session),
        "is_confirmed": reauthentication.is_fresh(request),
    }
