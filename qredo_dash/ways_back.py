"""Where a request led to sign-in comes back to: a page, and never a file, a fragment or an act."""

from typing import Final
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse

from accounts.shared.addresses import is_path_of_ours

#: Files, by name, and the page on which each is offered.
FILES: Final = {
    "series-csv": "overview",
    "account-series-csv": "account",
    "account-rejected": "account",
    "history-csv": "history",
    "audit-csv": "audit",
    "audit-json": "audit",
    "statement-json": "statement",
    "statement-verifier": "reports",
}


def is_file(request: HttpRequest) -> bool:
    """Whether what is asked for would be saved, not shown."""
    match = request.resolver_match
    return match is not None and match.url_name in FILES


def page_of(request: HttpRequest) -> str:
    """Return the page that a request belongs to.

    An act's own address leads to its page by itself, and so does a form's.
    """
    if not is_file(request):
        return request.get_full_path()
    return _page_before(request) or _page_of_file(request)


def _page_before(request: HttpRequest) -> str:
    """Return the page of ours on which the link to a file was followed."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc != request.get_host() or not is_path_of_ours(came_from.path):
        return ""
    try:
        name = resolve(came_from.path).url_name
    except Resolver404:
        return ""
    if name in FILES or name in {"sign-in", "account_login"}:
        return ""
    return came_from._replace(scheme="", netloc="", fragment="").geturl()


def _page_of_file(request: HttpRequest) -> str:
    match = request.resolver_match
    assert match is not None  # noqa: S101 - `is_file` has looked
    address = reverse(FILES[str(match.url_name)], kwargs=match.kwargs)
    query = request.META["QUERY_STRING"]
    return f"{address}?{query}" if query else address
