"""The page of everything in flight, and its live fragment."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.requests import Request
from balances.as_of_query import AsOf
from balances.live_page import Question
from balances.pages.asking import of_instant, part_of_instant
from balances.pages.showing import part, whole
from balances.pending_page import pending_page


@require_safe
@of_instant
def page(request: Request, asked: AsOf) -> HttpResponse:
    """Show what is pending, the oldest first."""
    shown = pending_page(_question(request, asked), asked)
    return whole(request, asked, "balances/pending.html", shown)


@require_safe
@part_of_instant
def figures(request: Request, asked: AsOf) -> HttpResponse:
    """Return what is pending, or 204 when the version that the reader has is current."""
    of = _question(request, asked)
    return part(
        request,
        "balances/_pending_figures.html",
        lambda: of.version(asked.at),
        lambda: pending_page(of, asked),
    )


def _question(request: Request, asked: AsOf) -> Question:
    return Question.of("pending", request.user, asked.kept(request.GET.dict()))
