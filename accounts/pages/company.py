"""Signing in with a company's own accounts, by OpenID Connect, where that is set up."""

from allauth.socialaccount.providers.openid_connect import views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_safe

#: Its name in addresses; there is one.
COMPANY = "company"


@login_not_required
@require_safe
def go(request: HttpRequest) -> HttpResponse:
    """Go there; of what was asked for, only the way back counts."""
    asked = QueryDict(mutable=True)
    if "next" in request.GET:
        asked["next"] = request.GET["next"]
    request.GET = asked  # type: ignore[assignment] # allauth would connect accounts on request
    answer: HttpResponse = views.login(request, COMPANY)
    return answer


@login_not_required
@require_safe
def back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back."""
    answer: HttpResponse = views.callback(request, provider_id)
    return answer
