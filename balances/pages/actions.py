"""What people do to an account: refresh, pause, resume, archive, restore. All by POST."""

import logging
from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import ADMINISTER, OPERATE, in_scope, require
from accounts.models import Account, Role, User
from accounts.requests import Request
from balances import refreshing, scheduling
from balances.tasks import refresh as refresh_task

log = logging.getLogger(__name__)

Act = Callable[[Account, User], bool]


@in_scope
@require_POST
def refresh(request: Request, account: Account) -> HttpResponse:
    """Ask for a poll now; the page shows its progress."""
    require(request.user, account, OPERATE)
    if not account.is_polled:
        messages.error(request, refreshing.NOT_POLLED)
        return _back(request, account)
    with transaction.atomic():
        asked = refreshing.ask(account, by=request.user)
        transaction.on_commit(partial(_send, asked.pk))
    return HttpResponse(status=204) if request.htmx else _back(request, account)


def _send(refresh_id: int) -> None:
    try:
        refresh_task.delay(refresh_id)
    except refresh_task.OperationalError:
        # The row stands: the next tick takes it up.
        log.warning("a refresh could not be sent to the workers; the next tick takes it up")


def _pause(account: Account, by: User) -> bool:
    return scheduling.pause(account, by=by)


def _resume(account: Account, by: User) -> bool:
    return scheduling.resume(account, by=by)


def _restore(account: Account, by: User) -> bool:
    return scheduling.restore(account, by=by)


def _archive(account: Account, by: User) -> bool:
    return scheduling.archive(account, by=by)


@in_scope
@require_POST
def pause(request: Request, account: Account) -> HttpResponse:
    """Stop polling an account until it is resumed."""
    return _act(request, account, OPERATE, _pause, "is paused: its slots do not fall due.")


@in_scope
@require_POST
def resume(request: Request, account: Account) -> HttpResponse:
    """Poll a paused account again. An archived one is restored, which is an admin's to do."""
    answer = _act(request, account, OPERATE, _resume, "is polled again, at once.")
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
    return render(request, "balances/confirm.html", context)


@in_scope
@require_POST
def restore(request: Request, account: Account) -> HttpResponse:
    """Bring an archived account back."""
    return _act(request, account, ADMINISTER, _restore, "is restored and polled again, at once.")


def _act(
    request: Request, account: Account, roles: frozenset[Role], act: Act, done: str
) -> HttpResponse:
    require(request.user, account, roles)
    if act(account, request.user):
        messages.success(request, f"{account.label} {done}")
    return _back(request, account)


def _back(request: Request, account: Account) -> HttpResponse:
    """Return to where the reader was, if that is a page of ours."""
    to = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(to, allowed_hosts=None):
        to = reverse("account", args=[account.uid])
    return redirect(to)
