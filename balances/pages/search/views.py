"""What is found by name: as a page, and as what the field of every page opens while one types."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.shared.http import Request
from balances.pages.as_of.decorators import of_instant, part_of_instant
from balances.pages.as_of.instant import AsOf
from balances.pages.as_of.responses import whole
from balances.pages.search import search
from balances.pages.search.context import Found

_LONGEST = 128


@require_safe
@of_instant
def page(request: Request, asked: AsOf) -> HttpResponse:
    """Show all that a text may mean; where that is one thing alone, lead to it."""
    shown = _found(request, asked, search.MANY)
    if shown.only_url:
        return HttpResponseRedirect(shown.only_url)
    return whole(request, asked, "search/page.html", shown)


@require_safe
@part_of_instant
def few(request: Request, asked: AsOf) -> HttpResponse:
    """Return the nearest of what a text may mean."""
    shown = _found(request, asked, search.FEW)
    return render(request, "search/_results.html", {"page": shown})


def _found(request: Request, asked: AsOf, most: int) -> Found:
    typed = request.GET.get("q", "")[:_LONGEST]
    return search.found(request.user, typed, asked, most)
