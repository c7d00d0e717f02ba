"""Whom to tell of a flaw, where machines look for it (RFC 9116), if the installation says so."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

#: For how long what is read now may be believed.
GOOD_FOR = timedelta(days=30)


@login_not_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """Name the contact of `SECURITY_CONTACT`; without one there is no such page."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    until = timezone.now() + GOOD_FOR
    text = f"Contact: {settings.SECURITY_CONTACT}\nExpires: {until:%Y-%m-%dT%H:%M:%SZ}\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
