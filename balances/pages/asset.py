"""The page of one asset, and its live fragment."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from balances import as_of_query, ledger
from balances import asset_page as screens
from balances.as_of_query import AsOf
from balances.asset_page import Question


@require_safe
def page(request: Request) -> HttpResponse:
    """Show an asset; one that the reader's accounts never held is as good as none."""
    asked = as_of_query.asked(request.GET.dict(), now=ledger.clock())
    shown = screens.asset_page(_question(request), asked)
    return render(request, "balances/asset.html", {"page": shown})


@require_safe
def figures(request: Request) -> HttpResponse:
    """Return an asset's figures of now, or 204 when the version that the reader has is current."""
    of, version, now = _question(request), request.GET.get("version"), ledger.clock()
    if version and version == screens.version(of, now):
        return HttpResponse(status=204)
    shown = screens.asset_page(of, AsOf(now), with_chart=False)
    return render(request, "balances/_asset_figures.html", {"page": shown})


def _question(request: Request) -> Question:
    of = Question.of(request.user, request.GET.dict())
    if not of.exists:
        raise Http404
    return of
