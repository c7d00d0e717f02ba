"""The overview, its live fragment, and what an asset's row opens into."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from balances import overview as screens
from balances.account_list import opened_asset
from balances.as_of_query import AsOf
from balances.overview import Query
from balances.overview_changes import overview_changes
from balances.overview_screens import Overview
from balances.pages.asking import of_instant, part_of_instant
from balances.pages.series import LONGEST_ASSET
from balances.pages.showing import part, whole

_HEADLINE = "headline"


@require_safe
@of_instant
def page(request: Request, asked: AsOf) -> HttpResponse:
    """Show the overview."""
    query = _chosen(request, asked)
    shown = screens.overview(request.user, query, asked)
    _remember(request, query, shown)
    return whole(request, asked, "balances/overview.html", shown)


@require_safe
def figures(request: Request) -> HttpResponse:
    """Return the overview's figures, or 204 when the version that the reader has is current."""
    return part(
        request,
        "balances/_overview_figures.html",
        lambda query: screens.current(request.user, Query.of(query)),
        lambda asked: screens.overview(
            request.user, _query(request, asked), asked, with_chart=False
        ),
    )


@require_safe
@part_of_instant
def changes(request: Request, asked: AsOf) -> HttpResponse:
    """Return how the overview's assets moved, or 204 when the version that is shown is current."""
    query, version = _query(request, asked), request.GET.get("version")
    current = screens.version(request.user, query, asked.at)  # before the figures
    if version == current:
        return HttpResponse(status=204)
    rows = overview_changes(request.user, query, asked)
    return render(request, "balances/_overview_changes.html", {"rows": rows, "version": current})


@require_safe
@part_of_instant
def asset(request: Request, asked: AsOf) -> HttpResponse:
    """Return the accounts that hold an asset, as what its row opens into."""
    query = _query(request, asked)
    name = query.asset[:LONGEST_ASSET].replace("\0", "")
    row = opened_asset(request.user, query, name, asked)
    if row is None:
        raise Http404
    return render(request, "balances/_asset_parts.html", {"row": row})


def _query(request: Request, asked: AsOf) -> Query:
    return Query.of(asked.kept(request.GET.dict()), request.GET.getlist("open"))


def _chosen(request: Request, asked: AsOf) -> Query:
    """Return what is asked for; of the headline's asset without a word what was chosen last."""
    text = request.GET.dict()
    remembered = {} if text.get("asset") else request.session.get(_HEADLINE, {})
    return Query.of(asked.kept({**text, **remembered}), request.GET.getlist("open"))


def _remember(request: Request, query: Query, shown: Overview) -> None:
    """Keep the choice of the headline's asset until the reader signs out, as looks are kept."""
    chosen = {"asset": query.asset, "kind": query.kind}
    is_shown = shown.headline is not None and shown.headline.asset == query.asset
    if request.GET.get("asset") and is_shown and request.session.get(_HEADLINE) != chosen:
        request.session[_HEADLINE] = chosen
