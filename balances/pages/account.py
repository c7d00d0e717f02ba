"""One account's page and its live fragment."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import visible_to
from accounts.requests import Request
from balances import account_page as screens
from balances import ledger


@require_safe
def page(request: Request, uid: UUID) -> HttpResponse:
    """Show an account."""
    account = get_object_or_404(visible_to(request.user), uid=uid)
    shown = screens.account_page(request.user, account, request.GET.dict())
    return render(request, "balances/account.html", {"page": shown})


@require_safe
def figures(request: Request, uid: UUID) -> HttpResponse:
    """Return an account's figures, or 204 when the version that the reader has is current."""
    one = visible_to(request.user).filter(uid=uid)
    account = get_object_or_404(one)
    query = request.GET.dict()
    version = query.pop("version", "")
    if version and version == screens.version(one, query, ledger.clock()):
        return HttpResponse(status=204)
    shown = screens.account_page(request.user, account, query, with_chart=False)
    return render(request, "balances/_account_figures.html", {"page": shown})
