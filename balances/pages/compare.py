"""The page of comparisons."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from balances import as_of_query, ledger
from balances.compare_page import compare_page
from balances.compare_periods import periods_page
from balances.compare_query import Question
from balances.sides import NoSideError


@require_safe
def page(request: Request) -> HttpResponse:
    """Compare two accounts, owners or tags, or two periods; others' are as good as missing."""
    asked = as_of_query.asked(request.GET.dict(), now=ledger.clock())
    of = Question.of(request.user, request.GET.dict())
    build = periods_page if of.by == "periods" else compare_page
    try:
        shown = build(of, asked)
    except NoSideError:
        raise Http404 from None
    status = 422 if shown.error else 200
    return render(request, "balances/compare.html", {"page": shown}, status=status)
