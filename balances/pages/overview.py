"""The overview, its live fragment, and the list of accounts."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import visible_to
from accounts.requests import Request
from balances import ledger
from balances import overview as screens
from balances.overview import Query
from balances.portfolio import members


@require_safe
def page(request: Request) -> HttpResponse:
    """Show the overview."""
    shown = screens.overview(request.user, visible_to(request.user), Query.of(request.GET.dict()))
    return render(request, "balances/overview.html", {"page": shown})


@require_safe
def figures(request: Request) -> HttpResponse:
    """Return the overview's figures, or 204 when the version that the reader has is current."""
    asked = request.GET.dict()
    version = asked.pop("version", "")
    accounts, query = visible_to(request.user), Query.of(asked)
    if version and version == screens.version(accounts, query, ledger.clock()):
        return HttpResponse(status=204)
    shown = screens.overview(request.user, accounts, query, with_chart=False)
    return render(request, "balances/_overview_figures.html", {"page": shown})


@require_safe
def accounts(request: Request) -> HttpResponse:
    """List every account somebody may see, the archived ones included."""
    query = Query.of(request.GET.dict())
    rows = screens.account_rows(request.user, members(visible_to(request.user)), ledger.clock())
    context = {
        "rows": screens.filtered(rows, query.show),
        "filters": screens.filters(rows, query, reverse("accounts")),
        "may_add": True,
        "empty_text": "No account matches this filter." if rows else "No accounts yet.",
    }
    return render(request, "balances/accounts.html", context)
