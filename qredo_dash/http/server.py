"""The web process's entry: `granian --interface rsgi qredo_dash.http.server:application`."""

import sys
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.template.loader import render_to_string

from qredo_dash.http.bodies import Bodies
from qredo_dash.http.gateway import Gateway

#: What a form may be large, and what multipart writes around it.
ENVELOPE: Final = 64 * 1024
REFUSALS: Final = {
    HTTPStatus.REQUEST_TIMEOUT: "408.html",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "413.html",
    HTTPStatus.TOO_MANY_REQUESTS: "busy.html",
    HTTPStatus.SERVICE_UNAVAILABLE: "busy.html",
}


def _gateway() -> Gateway:
    # The entry of WSGI sets Django up; what follows needs that.
    from qredo_dash import start_checks, static_files, wsgi  # noqa: PLC0415

    static_files.check_collected()
    start_checks.check_role()
    return Gateway(
        wsgi.application,
        bodies=Bodies(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + ENVELOPE),
        session_cookie=settings.SESSION_COOKIE_NAME,
        refusals={int(code): render_to_string(name).encode() for code, name in REFUSALS.items()},
    )


try:
    application = _gateway()
except ImproperlyConfigured as error:
    # One line instead of a traceback: this is for the person who set the program up.
    sys.exit(str(error))
