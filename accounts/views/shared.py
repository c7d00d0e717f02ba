"""Accounts of other persons: what is offered to somebody, what they read, what counts for them."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import offers as accounts_offers
from accounts.models import Account, User
from accounts.shared.http import Request

_Act = Callable[[UUID, User], str]


def _accept(uid: UUID, by: User) -> str:
    account = accounts_offers.accept(uid, by=by).account
    return f"You read {account.label} from now on. It is in none of your totals until you say so."


def _decline(uid: UUID, by: User) -> str:
    return f"You have declined {accounts_offers.decline(uid, by=by).account.label}."


def _count(uid: UUID, by: User) -> str:
    return f"{_counted(uid, by, counted=True).label} counts in your totals from now on."


def _leave_out(uid: UUID, by: User) -> str:
    return f"{_counted(uid, by, counted=False).label} counts in your totals no more."


def _counted(uid: UUID, by: User, *, counted: bool) -> Account:
    return accounts_offers.count(uid, counted=counted, by=by).account


def _leave(uid: UUID, by: User) -> str:
    return f"You read {accounts_offers.leave(uid, by=by).account.label} no more."


#: What a button of the page sends as `act`; `which` is the uid of an offer, then of an account.
_ACTS: Final[dict[str, _Act]] = {
    "accept": _accept,
    "decline": _decline,
    "count": _count,
    "leave-out": _leave_out,
    "leave": _leave,
}


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: Request) -> HttpResponse:
    """List offers and shares of other persons; answer, count and leave them."""
    if request.method == "POST":
        _act(request)
        return redirect("shared")
    offers, shares = accounts_offers.offered(request.user), accounts_offers.accepted(request.user)
    return render(request, "accounts/shared.html", {"offers": offers, "shares": shares})


def _act(request: Request) -> None:
    try:
        act, which = _ACTS[request.POST.get("act", "")], UUID(request.POST.get("which", ""))
        messages.success(request, act(which, request.user))
    except (accounts_offers.GoneError, KeyError, ValueError):
        messages.error(
            request, "Nothing was changed: this offer or share is no more. The list is up to date."
        )
