"""One account's page and its live fragment."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import Account
from accounts.shared.http import Request
from balances.pages.account import page as screens
from balances.pages.account.context import AccountPage
from balances.pages.account.page_at import account_then
from balances.pages.as_of.decorators import (
    account_of_instant,
    account_part_of_instant,
    band_of_account,
)
from balances.pages.as_of.instant import AsOf


@account_of_instant
@require_safe
def page(request: Request, account: Account, asked: AsOf) -> HttpResponse:
    """Show an account."""
    query = asked.kept(request.GET.dict())
    shown = _shown(request, account, query, asked)
    context = {"page": shown, "band": band_of_account(request, account, asked)}
    return render(request, "account/page.html", context)


@account_part_of_instant
@require_safe
def figures(request: Request, account: Account, asked: AsOf) -> HttpResponse:
    """Return an account's figures, or 204 when the version that the reader has is current."""
    query = asked.kept(request.GET.dict())
    query.pop("version", "")
    if request.GET.get("version") == screens.version(request.user, account, query, asked.at):
        return HttpResponse(status=204)
    shown = _shown(request, account, query, asked, with_chart=False)
    return render(request, "account/_figures.html", {"page": shown})


def _shown(
    request: Request,
    account: Account,
    query: dict[str, str],
    asked: AsOf,
    *,
    with_chart: bool = True,
) -> AccountPage:
    user = request.user
    if asked.is_past:
        return account_then(user, account, query, asked, with_chart=with_chart)
    return screens.account_page(user, account, query, asked.at, with_chart=with_chart)
