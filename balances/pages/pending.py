"""The page of everything in flight, and its live fragment."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from balances import pending_page as screens
from balances.as_of_query import AsOf
from balances.band import band
from balances.pages.asking import of_instant, part_of_instant
from balances.pending_page import Question


@require_safe
@of_instant
def page(request: Request, asked: AsOf) -> HttpResponse:
    """Show what is pending, the oldest first."""
    shown = screens.pending_page(_question(request, asked), asked)
    context = {"page": shown, "band": band(asked, request.path, request.GET.dict())}
    return render(request, "balances/pending.html", context)


@require_safe
@part_of_instant
def figures(request: Request, asked: AsOf) -> HttpResponse:
    """Return what is pending, or 204 when the version that the reader has is current."""
    of, version = _question(request, asked), request.GET.get("version")
    if version and version == screens.version(of, asked.at):
        return HttpResponse(status=204)
    shown = screens.pending_page(of, asked)
    return render(request, "balances/_pending_figures.html", {"page": shown})


def _question(request: Request, asked: AsOf) -> Question:
    return Question.of(request.user, asked.kept(request.GET.dict()))
