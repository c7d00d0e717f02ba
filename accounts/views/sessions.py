"""Where somebody is signed in, and ending it there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import sessions
from accounts.audit import objects
from accounts.audit.recording import record
from accounts.authentication.user_agents import called
from accounts.shared.http import Request


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
    found = [_row(one, request) for one in sessions.standing(request.user)]
    rows = sorted(found, key=lambda row: row.since, reverse=True)
    return render(request, "accounts/sessions.html", {"rows": rows})


def _end(request: Request) -> None:
    if "others" in request.POST:
        _record(request, sessions.end_others(request.user, but=request.session.session_key))
        messages.success(request, "Your other sessions have ended.")
        return
    number = request.POST.get("session", "")
    if not (number.isascii() and number.isdigit()):
        return
    own = UserSession.objects.filter(user=request.user, pk=number)
    others = [one for one in own if not sessions.is_this(one, request)]
    if others:
        _record(request, sessions.end(others))
        messages.success(request, "The session has ended.")


def _record(request: Request, ended: int) -> None:
    if ended:
        about, told = objects.person(request.user), {"sessions": ended}
        record("session.ended", about, by=request.user, after=told)


def _row(session: Any, request: Request) -> Row:
    browser = called(session.user_agent)
    is_this = sessions.is_this(session, request)
    return Row(session.pk, browser, session.ip, session.created_at, is_this)
