"""The session of a browser, as time would change it."""

from importlib import import_module
from typing import Any

from django.conf import settings
from playwright.sync_api import Page

from qredo_dash.session_limits import SEEN

HOUR = 3600


def _session_of(page: Page) -> Any:
    (key,) = [c.get("value") for c in page.context.cookies() if c.get("name") == "session"]
    return import_module(settings.SESSION_ENGINE).SessionStore(key)


def must_confirm(page: Page) -> None:
    """Let the sign-in have been an hour ago."""
    session = _session_of(page)
    for record in session["account_authentication_methods"]:
        record["at"] -= HOUR
    session.save()


def was_idle(page: Page, seconds: float) -> None:
    """Let nobody have been seen for so long."""
    session = _session_of(page)
    session[SEEN] -= seconds
    session.save()


def end(page: Page) -> None:
    """Let there be no session any more."""
    page.context.clear_cookies(name="session")
