"""Sessions end: some hours after the sign-in whatever happens, and sooner if nobody is there.

A session's own expiry is put off whenever something is written into it, so it bounds neither.
"""

import time
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from qredo_dash.middleware import Answer

#: When the session's person signed in, and when they were last seen, in seconds.
BEGAN, SEEN = "began_at", "seen_at"
#: A session is written anew at most so often for having been seen.
_STEP: Final = 60


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
    elif SEEN not in session or now - seen >= _STEP:
        session[SEEN] = now


def begin(request: HttpRequest, **_: Any) -> None:
    """Count from now on; somebody has just signed in."""
    request.session[BEGAN] = request.session[SEEN] = time.time()
