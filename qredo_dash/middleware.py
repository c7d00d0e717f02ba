"""What every answer of the site has in common."""

import zoneinfo
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.shared import origins
from accounts.time_zones import is_zone
from balances.core import number_formats
from qredo_dash import endings, ways_back

Answer = Callable[[HttpRequest], HttpResponse]

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class PrivateAnswers:
    """Amounts are for one reader, now: no cache keeps an answer, no page embeds one."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers; static files are answered before and stay cacheable."""
        response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store, private")
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if seconds := settings.SECURE_HSTS_SECONDS:
            # Django's own only trusts a header of the proxy that not every proxy sends.
            response.setdefault("Strict-Transport-Security", f"max-age={seconds}")
        return response


class WhereFrom:
    """What is done in a request is on record with where it came from."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the request's origin at hand for whoever records an act."""
        with origins.acting_from(origins.of_request(request)):
            return self.get_response(request)


class WholePageSignIn:
    """An ended session leads to a sign-in page, which says so, and from there back to a page.

    Under htmx it is the whole page that goes there, never a form in a corner.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Turn a redirect to sign-in into one that leads back to where one was."""
        response = self.get_response(request)
        if not _asks_to_sign_in(request, response):
            return response
        if said := endings.why_signed_out(request):
            messages.warning(request, said)
        htmx: HtmxDetails | None = getattr(request, "htmx", None)
        if not htmx:
            response.headers["Location"] = _sign_in(ways_back.page_of(request))
            return response
        here = htmx.current_url_abs_path or resolve_url(settings.LOGIN_REDIRECT_URL)
        return HttpResponseClientRedirect(_sign_in(here))


def _sign_in(next_url: str) -> str:
    query = urlencode({"next": next_url}, safe="/")
    return f"{resolve_url(settings.LOGIN_URL)}?{query}"


def _asks_to_sign_in(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether what was asked for comes after a sign-in; who signs out asks for nothing."""
    location = urlsplit(response.headers.get("Location", ""))
    sign_in: str = resolve_url(settings.LOGIN_URL)
    is_there = response.status_code == 302 and location.path == sign_in
    return is_there and parse_qs(location.query).get("next") == [request.get_full_path()]


class ReaderZone:
    """Times are stored in UTC and shown in the reader's zone.

    A zone that is none, stored before or gone from the database, is UTC; pages say so by
    `lost_zone`.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Make the signed-in person's zone the current one for this request."""
        name = getattr(request.user, "time_zone", "UTC")
        if not is_zone(name):
            request.lost_zone = name  # type: ignore[attr-defined]
            name = "UTC"
            setattr(request.user, "time_zone", name)  # noqa: B010 - who is signed in has one
        with timezone.override(zoneinfo.ZoneInfo(name)):
            return self.get_response(request)


class ReaderNumbers:
    """Numbers have the separators that the reader's browser asks for."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Write numbers of this request's pages in the format of the browser's first language."""
        wanted = number_formats.of_languages(request.headers.get("Accept-Language", ""))
        with number_formats.using(wanted):
            return self.get_response(request)
