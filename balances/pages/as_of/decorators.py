"""Which instant a page is asked about, before it is made: `?at=`, or date and time of its form."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts.access.querysets import seen_ever, visible_at, visible_to
from accounts.audit.past_labels import as_known
from accounts.models import Account
from accounts.shared.http import Request
from balances.ledger import schedules
from balances.pages.as_of import instant
from balances.pages.as_of.bar import band
from balances.pages.as_of.instant import AsOf
from balances.pages.components.context import Band

Page = Callable[[Request], HttpResponseBase]
AccountPage = Callable[[Request, UUID], HttpResponseBase]
_REFUSED = 422


def of_instant(view: Callable[[Request, AsOf], HttpResponse]) -> Page:
    """Give a page its instant. What is none is said beside what was typed."""

    @wraps(view)
    def looked_up(request: Request) -> HttpResponse:
        asked = asked_of(request)
        if asked.error:
            return no_instant(request, asked)
        return exactly(request, asked) or view(request, asked)

    return looked_up


def part_of_instant(view: Callable[[Request, AsOf], HttpResponseBase]) -> Page:
    """Give a part of a page, or a file, its instant; what is none is said in plain text."""

    @wraps(view)
    def looked_up(request: Request) -> HttpResponseBase:
        asked = asked_of(request)
        return plain(asked) if asked.error else view(request, asked)

    return looked_up


def account_of_instant(view: Callable[[Request, Account, AsOf], HttpResponse]) -> AccountPage:
    """Give the page of an account the account and the instant.

    What its reader never saw is 404 before any other word, whatever the instant. Of what was not
    theirs at that instant nothing is shown but that.
    """

    @wraps(view)
    def looked_up(request: Request, uid: UUID) -> HttpResponse:
        asked = asked_of(request)
        account = account_asked(request, uid, asked)
        if asked.error:
            return _no_instant(request, band_of_account(request, account, asked))
        if asked.is_past and not _is_seen_then(request, account, asked):
            return _not_then(request, account, asked)
        return exactly(request, asked) or view(request, account, asked)

    return looked_up


def account_part_of_instant(
    view: Callable[[Request, Account, AsOf], HttpResponseBase],
) -> AccountPage:
    """Give a part of the page of an account, or a file, the account and the instant."""

    @wraps(view)
    def looked_up(request: Request, uid: UUID) -> HttpResponseBase:
        asked = asked_of(request)
        account = account_asked(request, uid, asked)
        if asked.error:
            return plain(asked)
        if asked.is_past:
            get_object_or_404(visible_at(request.user, asked.at), uid=uid)
            account.label = as_known(request.user, account)
        return view(request, account, asked)

    return looked_up


def asked_of(request: Request) -> AsOf:
    """Return the instant that a request is about."""
    return instant.asked(request.GET.dict(), now=schedules.clock())


def account_asked(request: Request, uid: UUID, asked: AsOf) -> Account:
    """Return the account of an address: now one that is seen today, else one ever seen."""
    is_now = not asked.is_past and not asked.error
    accounts = visible_to(request.user) if is_now else seen_ever(request.user)
    return get_object_or_404(accounts, uid=uid)


def exactly(request: Request, asked: AsOf) -> HttpResponse | None:
    """Lead on from what a form sends to the exact instant, which everybody understands alike."""
    query = request.GET.dict()
    if not instant.is_typed_apart(query):
        return None
    return HttpResponseRedirect(f"{request.path}?{urlencode(asked.kept(query))}")


def no_instant(request: Request, asked: AsOf) -> HttpResponse:
    """Say why what was asked for is no instant of the past; show no figure at all."""
    return _no_instant(request, band(asked, request.path, request.GET.dict()))


def _no_instant(request: Request, shown: Band) -> HttpResponse:
    return render(request, "as_of/invalid.html", {"band": shown}, status=_REFUSED)


def band_of_account(request: Request, account: Account, asked: AsOf) -> Band:
    """Return the band of an account's page. Who sees it no more is led back to what they see."""
    has_page = visible_to(request.user).filter(pk=account.pk).exists()
    now_url = "" if has_page else reverse("accounts")
    return band(asked, request.path, request.GET.dict(), now_url=now_url)


def plain(asked: AsOf) -> HttpResponse:
    """Say in plain text why what was asked for is no instant."""
    return HttpResponse(asked.error, status=_REFUSED, content_type="text/plain; charset=utf-8")


def _is_seen_then(request: Request, account: Account, asked: AsOf) -> bool:
    return visible_at(request.user, asked.at).filter(pk=account.pk).exists()


def _not_then(request: Request, account: Account, asked: AsOf) -> HttpResponse:
    known = as_known(request.user, account)
    context = {"label": known, "band": band_of_account(request, account, asked)}
    return render(request, "as_of/not_owned_then.html", context, status=404)
