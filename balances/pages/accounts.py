"""The list of accounts, its live fragment, and what an account's row opens into."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import in_scope, visible_to
from accounts.models import Account
from accounts.requests import Request
from balances import account_list as screens
from balances import ledger
from balances.overview import Query


@require_safe
def page(request: Request) -> HttpResponse:
    """List every account somebody may see, the archived ones included."""
    query = Query.of(request.GET.dict(), request.GET.getlist("open"))
    shown = screens.account_list(request.user, visible_to(request.user), query)
    return render(request, "balances/accounts.html", {"page": shown})


@require_safe
def figures(request: Request) -> HttpResponse:
    """Return the list, or 204 when the version that the reader has is current."""
    query = Query.of(request.GET.dict(), request.GET.getlist("open"))
    accounts, version = visible_to(request.user), request.GET.get("version")
    if version and version == screens.version(accounts, query, ledger.clock()):
        return HttpResponse(status=204)
    shown = screens.account_list(request.user, accounts, query)
    return render(request, "balances/_accounts_figures.html", {"page": shown})


@in_scope
@require_safe
def parts(request: Request, account: Account) -> HttpResponse:
    """Return the assets of an account, as what its row opens into."""
    one = visible_to(request.user).filter(pk=account.pk)
    row = screens.opened_account(request.user, one)
    return render(request, "balances/_account_parts.html", {"row": row})
