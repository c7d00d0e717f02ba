"""The page of one asset, and its live fragment."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from balances import asset_page as screens
from balances.as_of_query import AsOf
from balances.asset_page import Question
from balances.band import band
from balances.pages.asking import of_instant, part_of_instant


@require_safe
@of_instant
def page(request: Request, asked: AsOf) -> HttpResponse:
    """Show an asset; one that the reader's accounts never held is as good as none."""
    shown = screens.asset_page(_question(request, asked), asked)
    context = {"page": shown, "band": band(asked, request.path, request.GET.dict())}
    return render(request, "balances/asset.html", context)


@require_safe
@part_of_instant
def figures(request: Request, asked: AsOf) -> HttpResponse:
    """Return an asset's figures, or 204 when the version that the reader has is current."""
    of, version = _question(request, asked), request.GET.get("version")
    if version and version == screens.version(of, asked.at):
        return HttpResponse(status=204)
    shown = screens.asset_page(of, asked, with_chart=False)
    return render(request, "balances/_asset_figures.html", {"page": shown})


def _question(request: Request, asked: AsOf) -> Question:
    of = Question.of(request.user, asked.kept(request.GET.dict()))
    if not of.exists:
        raise Http404
    return of
