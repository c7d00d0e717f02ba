"""Who was refused what, on standard error: a person who tries ids is seen by who reads the log."""

import logging
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from accounts.words import visible
from qredo_dash.middleware import Answer

logger = logging.getLogger(__name__)

REFUSED = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.TOO_MANY_REQUESTS,
}


class Refusals:
    """Says of every refusal which person it was, by number; Django says only of what.

    One line each: Django's own is left out (`log_filters`), unless it alone knows the reason.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; alike for what exists and what does not."""
        request.tells_of_refusals = True  # type: ignore[attr-defined]
        response = self.get_response(request)
        if response.status_code in REFUSED:
            if not getattr(request, "is_refusal_told", False):
                _tell(request, response)
            response._has_been_logged = True  # type: ignore[attr-defined] # noqa: SLF001 - Django's
        return response


def _tell(request: HttpRequest, response: HttpResponse) -> None:
    what = f"{request.method} {visible(request.path)}"
    person = f"person {request.user.pk}" if request.user.is_authenticated else "nobody signed in"
    logger.warning("%s to %s: %s", response.status_code, person, what)
