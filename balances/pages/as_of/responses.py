"""Answers that show a page as of an instant, and its live part."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render

from accounts.shared.http import Request
from balances.pages.as_of.bar import band
from balances.pages.as_of.decorators import asked_of, plain
from balances.pages.as_of.instant import AsOf, typed_in, without_instant

#: What gives the time, and the version of what a query without an instant shows at it.
Current = Callable[[Mapping[str, str]], tuple[datetime, str]]


def whole(request: Request, asked: AsOf, template: str, page: object) -> HttpResponse:
    """Show a page below the band that says of which instant it is."""
    context = {"page": page, "band": band(asked, request.path, request.GET.dict())}
    return render(request, template, context)


def part(
    request: Request, template: str, current: Current, page: Callable[[AsOf], object]
) -> HttpResponse:
    """Show what is live of a page; 204 when the version that the reader has is current.

    Of an instant there is no version. What is none is said in plain text.
    """
    query = request.GET.dict()
    known = query.pop("version", "")
    if known and not typed_in(query):
        now, version = current(without_instant(query))
        if version == known:
            return HttpResponse(status=204)
        return render(request, template, {"page": page(AsOf(now, now))})
    asked = asked_of(request)
    return plain(asked) if asked.error else render(request, template, {"page": page(asked)})
