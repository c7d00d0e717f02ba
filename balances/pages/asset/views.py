"""The page of one asset, and its live fragment."""

from collections.abc import Mapping

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from accounts.shared.http import Request
from balances.pages.as_of.decorators import of_instant
from balances.pages.as_of.instant import AsOf
from balances.pages.as_of.responses import part, whole
from balances.pages.asset.page import Question, asset_page


@require_safe
@of_instant
def page(request: Request, asked: AsOf) -> HttpResponse:
    """Show an asset; one that the reader's accounts never held is as good as none."""
    shown = asset_page(_existing(request, asked), asked)
    return whole(request, asked, "asset/page.html", shown)


@require_safe
def figures(request: Request) -> HttpResponse:
    """Return an asset's figures, or 204 when the version that the reader has is current."""
    return part(
        request,
        "asset/_figures.html",
        lambda query: _question(request, query).current(),
        lambda asked: asset_page(_existing(request, asked), asked, with_chart=False),
    )


def _question(request: Request, query: Mapping[str, str]) -> Question:
    return Question.of("asset", request.user, query)


def _existing(request: Request, asked: AsOf) -> Question:
    of = _question(request, asked.kept(request.GET.dict()))
    if not of.exists:
        raise Http404
    return of
