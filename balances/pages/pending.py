"""The page of everything in flight, and its live fragment."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from balances import as_of_query, ledger
from balances import pending_page as screens
from balances.as_of_query import AsOf
from balances.pending_page import Question


@require_safe
def page(request: Request) -> HttpResponse:
    """Show what is pending, the oldest first."""
    asked = as_of_query.asked(request.GET.dict(), now=ledger.clock())
    shown = screens.pending_page(_question(request), asked)
    return render(request, "balances/pending.html", {"page": shown})


@require_safe
def figures(request: Request) -> HttpResponse:
    """Return what is pending now, or 204 when the version that the reader has is current."""
    of, version, now = _question(request), request.GET.get("version"), ledger.clock()
    if version and version == screens.version(of, now):
        return HttpResponse(status=204)
    shown = screens.pending_page(of, AsOf(now))
    return render(request, "balances/_pending_figures.html", {"page": shown})


def _question(request: Request) -> Question:
    return Question.of(request.user, request.GET.dict())
