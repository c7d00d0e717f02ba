"""What somebody is told whose session ended: why, and what became of what they asked for."""

from django.conf import settings
from django.http import HttpRequest

from qredo_dash import ways_back

#: Where a request notes why its session has just ended.
_NOTE = "session_ended"


def note(request: HttpRequest, *, is_old: bool) -> None:
    """Remember for this request why the session ended."""
    hours, minutes = settings.SESSION_COOKIE_AGE // 3600, settings.SESSION_IDLE_SECONDS // 60
    why = (
        f"a sign-in lasts {hours} hours"
        if is_old
        else f"nothing was done here for {_said(minutes)}"
    )
    setattr(request, _NOTE, why)


def _said(minutes: int) -> str:
    return f"{minutes // 60} hours" if minutes >= 120 and not minutes % 60 else f"{minutes} minutes"


def why_ended(request: HttpRequest) -> str:
    """Return why the session has just ended; nothing if it had ended before."""
    return str(getattr(request, _NOTE, ""))


def why_signed_out(request: HttpRequest) -> str:
    """Return the words for the sign-in page; none for somebody who only comes."""
    why = why_ended(request)
    outcome = _outcome(request)
    if why:
        return f"You were signed out: {why}. {outcome}".strip()
    return f"You were signed out. {outcome}" if outcome else ""


def _outcome(request: HttpRequest) -> str:
    if request.method == "POST":
        return "Nothing was changed or asked for: sign in, then send it again."
    if ways_back.is_file(request):
        return "Nothing was downloaded: sign in, then choose the file again."
    return ""
