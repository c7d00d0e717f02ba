"""The page of everything in flight, and its live fragment."""

from collections.abc import Mapping

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.shared.http import Request
from balances.pages.as_of.decorators import of_instant
from balances.pages.as_of.instant import AsOf
from balances.pages.as_of.responses import part, whole
from balances.pages.pending.page import pending_page
from balances.pages.query.page_query import Question


@require_safe
@of_instant
def page(request: Request, asked: AsOf) -> HttpResponse:
    """Show what is pending, the oldest first."""
    shown = pending_page(_question(request, asked.kept(request.GET.dict())), asked)
    return whole(request, asked, "pending/page.html", shown)


@require_safe
def figures(request: Request) -> HttpResponse:
    """Return what is pending, or 204 when the version that the reader has is current."""
    return part(
        request,
        "pending/_figures.html",
        lambda query: _question(request, query).current(),
        lambda asked: pending_page(_question(request, asked.kept(request.GET.dict())), asked),
    )


def _question(request: Request, query: Mapping[str, str]) -> Question:
    return Question.of("pending", request.user, query)
