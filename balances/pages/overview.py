"""The overview, its live fragment, and what an asset's row opens into."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import visible_to
from accounts.requests import Request
from balances import ledger
from balances import overview as screens
from balances.account_list import opened_asset
from balances.overview import Query
from balances.pages.series import LONGEST_ASSET


@require_safe
def page(request: Request) -> HttpResponse:
    """Show the overview."""
    query = Query.of(request.GET.dict(), request.GET.getlist("open"))
    shown = screens.overview(request.user, visible_to(request.user), query)
    return render(request, "balances/overview.html", {"page": shown})


@require_safe
def figures(request: Request) -> HttpResponse:
    """Return the overview's figures, or 204 when the version that the reader has is current."""
    query = Query.of(request.GET.dict(), request.GET.getlist("open"))
    accounts, version = visible_to(request.user), request.GET.get("version")
    if version and version == screens.version(accounts, query, ledger.clock()):
        return HttpResponse(status=204)
    shown = screens.overview(request.user, accounts, query, with_chart=False)
    return render(request, "balances/_overview_figures.html", {"page": shown})


@require_safe
def asset(request: Request) -> HttpResponse:
    """Return the accounts that hold an asset, as what its row opens into."""
    query = Query.of(request.GET.dict())
    name = query.asset[:LONGEST_ASSET].replace("\0", "")
    row = opened_asset(screens.asked_for(visible_to(request.user), query), name, query.kind)
    if row is None:
        raise Http404
    return render(request, "balances/_asset_parts.html", {"row": row})
