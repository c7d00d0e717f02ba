"""What people do to an account: refresh, pause, resume, archive, restore. All by POST."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access.decorators import in_scope
from accounts.access.roles import ADMINISTER, OPERATE, require
from accounts.models import Account, Role, User
from accounts.shared.addresses import way_back
from accounts.shared.buttons import by_button
from accounts.shared.http import Request
from balances.lifecycle import pausing
from balances.polling import refreshes
from balances.tasks import send_refresh

Act = Callable[[Account, User], bool]


@in_scope
@by_button("Refresh now", page="account")
def refresh(request: Request, account: Account) -> HttpResponse:
    """Ask for a poll now; the page shows its progress."""
    require(request.user, account, OPERATE)
    if why := refreshes.why_not_polled(account):
        if request.htmx:
            return HttpResponse(why, status=HTTPStatus.CONFLICT, content_type="text/plain")
        messages.error(request, why)
        return _back(request, account)
    with transaction.atomic():
        asked = refreshes.ask(account, by=request.user)
        transaction.on_commit(partial(send_refresh, asked.pk))
    return HttpResponse(status=204) if request.htmx else _back(request, account)


def _pause(account: Account, by: User) -> bool:
    return pausing.pause(account, by=by)


def _resume(account: Account, by: User) -> bool:
    return pausing.resume(account, by=by)


def _restore(account: Account, by: User) -> bool:
    return pausing.restore(account, by=by)


def _archive(account: Account, by: User) -> bool:
    return pausing.archive(account, by=by)


@in_scope
@by_button("Pause", page="account")
def pause(request: Request, account: Account) -> HttpResponse:
    """Stop polling an account until it is resumed."""
    return _act(request, account, OPERATE, _pause, "is paused: its slots do not fall due.")


@in_scope
@by_button("Resume", page="account")
def resume(request: Request, account: Account) -> HttpResponse:
    """Poll a paused account again. An archived one is restored, which is an admin's to do."""
    answer = _act(request, account, OPERATE, _resume, f"is {_resumed(account, 'polled again')}")
    account.refresh_from_db(fields=["archived_at"])
    if account.archived_at is not None:
        require(request.user, account, ADMINISTER)
        messages.error(request, f"{account.label} is archived. Restore it instead.")
    return answer


@in_scope
@require_http_methods(["GET", "HEAD", "POST"])
def archive(request: Request, account: Account) -> HttpResponse:
    """Take an account out of today's figures, after asking once."""
    require(request.user, account, ADMINISTER)
    if request.method == "POST":
        return _act(request, account, ADMINISTER, _archive, "is archived. Its history stays.")
    context = {
        "title": f"Archive {account.label}?",
        "text": "It is not polled any more and counts in no figure of today. Its history stays, "
        "and it can be restored.",
        "action_url": reverse("account-archive", args=[account.uid]),
        "button": "Archive",
        "cancel_url": reverse("account", args=[account.uid]),
    }
    return render(request, "components/confirm.html", context)


@in_scope
@by_button("Restore", page="account")
def restore(request: Request, account: Account) -> HttpResponse:
    """Bring an archived account back."""
    done = f"is {_resumed(account, 'restored and polled again')}"
    return _act(request, account, ADMINISTER, _restore, done)


def _resumed(account: Account, polled: str) -> str:
    if account.keyless_at is None:
        return f"{polled}, at once."
    return "resumed; it is polled once it has an API key."


def _act(
    request: Request, account: Account, roles: frozenset[Role], act: Act, done: str
) -> HttpResponse:
    require(request.user, account, roles)
    if act(account, request.user):
        messages.success(request, f"{account.label} {done}")
    return _back(request, account)


def _back(request: Request, account: Account) -> HttpResponse:
    """Return to where the reader was, if that is a page of ours."""
    here = reverse("account", args=[account.uid])
    return HttpResponseRedirect(way_back(request, otherwise=here))
