"""The page of comparisons."""

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.shared.http import Request
from balances.pages.as_of.bar import band
from balances.pages.as_of.decorators import of_instant, part_of_instant
from balances.pages.as_of.instant import AsOf
from balances.pages.compare.names import settled, suggested
from balances.pages.compare.page import compare_page
from balances.pages.compare.periods import periods_page
from balances.pages.compare.query import TYPED, Question
from balances.pages.compare.sides import NoSideError


@require_safe
@of_instant
def page(request: Request, asked: AsOf) -> HttpResponse:
    """Compare two accounts, owners or tags, or two periods; others' are as good as missing."""
    query = request.GET.dict()
    of = Question.of(request.user, asked.kept(query))
    if of.typed and (exact := settled(of, asked)):
        return HttpResponseRedirect(exact.address())
    build = periods_page if of.by == "periods" else compare_page
    try:
        shown = build(of, asked)
    except NoSideError:
        raise Http404 from None
    # Who gave an account away since has no such page now: they begin anew.
    now_url = "" if of.is_of_today else reverse("compare")
    context = {"page": shown, "band": band(asked, request.path, query, now_url=now_url)}
    status = 422 if shown.is_wrong else 200
    return render(request, "compare/page.html", context, status=status)


@require_safe
@part_of_instant
def accounts(request: Request, asked: AsOf) -> HttpResponse:
    """Return the names of accounts that what is typed into a field of the form may mean."""
    typed = next((text for name, text in request.GET.dict().items() if name.endswith(TYPED)), "")
    names = suggested(request.user, asked, typed)
    return render(request, "compare/_account_names.html", {"names": names})
