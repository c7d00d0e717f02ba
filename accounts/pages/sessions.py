"""Where somebody is signed in, and ending it there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.audit import objects
from accounts.audit.recording import record
from accounts.browsers import called
from accounts.requests import Request
from accounts.sessions import end_others


@dataclass(frozen=True, slots=True)
class Row:
    """A session as the page shows it."""

    number: int
    browser: str
    place: str
    since: datetime
    is_this: bool


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: Request) -> HttpResponse:
    """List the sessions; end one of them, or all but this one."""
    if request.method == "POST":
        _end(request)
        return redirect("usersessions_list")
    found = UserSession.objects.purge_and_list(request.user)
    rows = sorted(map(_row, found), key=lambda row: row.since, reverse=True)
    return render(request, "accounts/sessions.html", {"rows": rows})


def _end(request: Request) -> None:
    if "others" in request.POST:
        _record(request, end_others(request.user, but=request.session.session_key))
        messages.success(request, "Your other sessions have ended.")
        return
    number = request.POST.get("session", "")
    if not (number.isascii() and number.isdigit()):
        return
    own_ones = UserSession.objects.filter(user=request.user, pk=number)
    for own in own_ones.exclude(session_key=request.session.session_key):
        own.end()
        _record(request, 1)
        messages.success(request, "The session has ended.")


def _record(request: Request, ended: int) -> None:
    if ended:
        about, told = objects.person(request.user), {"sessions": ended}
        record("session.ended", about, by=request.user, after=told)


def _row(session: Any) -> Row:
    browser = called(session.user_agent)
    return Row(session.pk, browser, session.ip, session.created_at, session.is_current())
