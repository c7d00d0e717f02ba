"""One account's page and its live fragment."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import in_scope, visible_to
from accounts.models import Account
from accounts.requests import Request
from balances import account_page as screens
from balances import ledger


@in_scope
@require_safe
def page(request: Request, account: Account) -> HttpResponse:
    """Show an account."""
    shown = screens.account_page(request.user, account, request.GET.dict())
    return render(request, "balances/account.html", {"page": shown})


@in_scope
@require_safe
def figures(request: Request, account: Account) -> HttpResponse:
    """Return an account's figures, or 204 when the version that the reader has is current."""
    one = visible_to(request.user).filter(pk=account.pk)
    query = request.GET.dict()
    version = query.pop("version", "")
    if version and version == screens.version(one, query, ledger.clock()):
        return HttpResponse(status=204)
    shown = screens.account_page(request.user, account, query, with_chart=False)
    return render(request, "balances/_account_figures.html", {"page": shown})
