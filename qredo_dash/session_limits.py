"""Sessions end: some hours after the sign-in whatever happens, and sooner if nobody is there.

A session's own expiry is put off whenever something is written into it, so it bounds neither.
"""

import time
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from qredo_dash import endings
from qredo_dash.middleware import Answer

#: When the session's person signed in, and when they were last seen, in seconds.
BEGAN, SEEN = "began_at", "seen_at"
#: A session is written anew at most so often for having been seen.
_STEP: Final = 60

#: What an open page asks for by itself, by name: that tells nothing of somebody being there.
POLLED: Final = frozenset(
    {
        "overview-figures",
        "overview-changes",
        "accounts-figures",
        "account-figures",
        "asset-figures",
        "pending-figures",
        "series",
        "account-series",
        "session",
        "health",
    }
)
#: By this header a page says that its reader has touched a key or the pointer lately.
PRESENT: Final = "X-Present"


class SessionLimits:
    """Signs out whose session is too old or was left alone; the page then asks to sign in."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look before anything is answered."""
        if request.user.is_authenticated:
            _end_or_note(request, time.time())
        return self.get_response(request)


def _end_or_note(request: HttpRequest, now: float) -> None:
    session = request.session
    seen = session.get(SEEN, now)
    is_old = now - session.get(BEGAN, now) >= settings.SESSION_COOKIE_AGE
    if is_old or now - seen >= settings.SESSION_IDLE_SECONDS:
        logout(request)
        endings.note(request, is_old=is_old)
    elif SEEN not in session or (now - seen >= _STEP and _is_somebody_there(request)):
        session[SEEN] = now


def _is_somebody_there(request: HttpRequest) -> bool:
    if PRESENT in request.headers:
        return True
    try:
        return resolve(request.path_info).url_name not in POLLED
    except Resolver404:
        return True


def seconds_left(session: SessionBase) -> int:
    """Return for how long a session lasts if nobody is seen from now on."""
    now = time.time()
    idle = settings.SESSION_IDLE_SECONDS - (now - session.get(SEEN, now))
    whole = settings.SESSION_COOKIE_AGE - (now - session.get(BEGAN, now))
    left: float = min(idle, whole)
    return max(0, round(left))


def begin(request: HttpRequest, **_: Any) -> None:
    """Count from now on; somebody has just signed in."""
    request.session[BEGAN] = request.session[SEEN] = time.time()
