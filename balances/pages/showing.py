"""Answers that show a page as of an instant, and its live part."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import render

from accounts.requests import Request
from balances.as_of_query import AsOf
from balances.band import band


def whole(request: Request, asked: AsOf, template: str, page: object) -> HttpResponse:
    """Show a page below the band that says of which instant it is."""
    context = {"page": page, "band": band(asked, request.path, request.GET.dict())}
    return render(request, template, context)


def part(
    request: Request, template: str, version: Callable[[], str], page: Callable[[], object]
) -> HttpResponse:
    """Show what is live of a page; 204 when the version that the reader has is current."""
    known = request.GET.get("version")
    if known and known == version():
        return HttpResponse(status=204)
    return render(request, template, {"page": page()})
