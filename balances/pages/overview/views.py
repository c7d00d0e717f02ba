"""The overview, its live fragment, and what an asset's row opens into."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.shared.http import Request
from balances.pages.accounts.page import opened_asset
from balances.pages.as_of.decorators import of_instant, part_of_instant
from balances.pages.as_of.instant import AsOf
from balances.pages.as_of.responses import part, whole
from balances.pages.overview import page as screens
from balances.pages.overview.changes import overview_changes
from balances.pages.overview.context import Overview
from balances.pages.query import list_query
from balances.pages.query.list_query import Query
from balances.pages.query.page_query import LONGEST_ASSET

_HEADLINE = "headline"


@require_safe
@of_instant
def page(request: Request, asked: AsOf) -> HttpResponse:
    """Show the overview."""
    query = _chosen(request, asked)
    shown = screens.overview(request.user, query, asked)
    _remember(request, query, shown)
    return whole(request, asked, "overview/page.html", shown)


@require_safe
def figures(request: Request) -> HttpResponse:
    """Return the overview's figures, or 204 when the version that the reader has is current."""
    return part(
        request,
        "overview/_figures.html",
        lambda query: list_query.current(request.user, Query.of(query)),
        lambda asked: screens.overview(
            request.user, _query(request, asked), asked, with_chart=False
        ),
    )


@require_safe
@part_of_instant
def changes(request: Request, asked: AsOf) -> HttpResponse:
    """Return how the overview's assets moved, or 204 when the version that is shown is current."""
    query, version = _query(request, asked), request.GET.get("version")
    current = list_query.version(request.user, query, asked.at)  # before the figures
    if version == current:
        return HttpResponse(status=204)
    rows = overview_changes(request.user, query, asked)
    return render(request, "overview/_changes.html", {"rows": rows, "version": current})


@require_safe
@part_of_instant
def asset(request: Request, asked: AsOf) -> HttpResponse:
    """Return the accounts that hold an asset, as what its row opens into."""
    query = _query(request, asked)
    name = query.asset[:LONGEST_ASSET].replace("\0", "")
    row = opened_asset(request.user, query, name, asked)
    if row is None:
        raise Http404
    return render(request, "overview/_expanded_row.html", {"row": row})


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
