"""The list of accounts, its live fragment, and what an account's row opens into."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import Account
from accounts.shared.http import Request
from balances.pages.accounts import page as screens
from balances.pages.as_of.decorators import account_part_of_instant, of_instant
from balances.pages.as_of.instant import AsOf
from balances.pages.as_of.responses import part, whole
from balances.pages.query.list_query import Query, current


@require_safe
@of_instant
def page(request: Request, asked: AsOf) -> HttpResponse:
    """List every account somebody may see, the archived ones included."""
    shown = screens.account_list(request.user, _query(request, asked), asked)
    return whole(request, asked, "accounts/page.html", shown)


@require_safe
def figures(request: Request) -> HttpResponse:
    """Return the list, or 204 when the version that the reader has is current."""
    return part(
        request,
        "accounts/_figures.html",
        lambda query: current(request.user, Query.of(query)),
        lambda asked: screens.account_list(request.user, _query(request, asked), asked),
    )


@account_part_of_instant
@require_safe
def parts(request: Request, account: Account, asked: AsOf) -> HttpResponse:
    """Return the assets of an account, as what its row opens into."""
    row = screens.opened_account(request.user, account, asked)
    return render(request, "accounts/_expanded_row.html", {"row": row})


def _query(request: Request, asked: AsOf) -> Query:
    return Query.of(asked.kept(request.GET.dict()), request.GET.getlist("open"))
