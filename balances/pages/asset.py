"""The page of one asset, and its live fragment."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from accounts.requests import Request
from balances.as_of_query import AsOf
from balances.asset_page import Question, asset_page
from balances.pages.asking import of_instant, part_of_instant
from balances.pages.showing import part, whole


@require_safe
@of_instant
def page(request: Request, asked: AsOf) -> HttpResponse:
    """Show an asset; one that the reader's accounts never held is as good as none."""
    shown = asset_page(_question(request, asked), asked)
    return whole(request, asked, "balances/asset.html", shown)


@require_safe
@part_of_instant
def figures(request: Request, asked: AsOf) -> HttpResponse:
    """Return an asset's figures, or 204 when the version that the reader has is current."""
    of = _question(request, asked)
    return part(
        request,
        "balances/_asset_figures.html",
        lambda: of.version(asked.at),
        lambda: asset_page(of, asked, with_chart=False),
    )


def _question(request: Request, asked: AsOf) -> Question:
    of = Question.of("asset", request.user, asked.kept(request.GET.dict()))
    if not of.exists:
        raise Http404
    return of
