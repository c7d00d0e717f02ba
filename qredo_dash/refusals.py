"""Who was refused what, on standard error: a person who tries ids is seen by who reads the log."""

import logging
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from accounts.words import visible
from qredo_dash.middleware import Answer

logger = logging.getLogger(__name__)

REFUSED = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS}


class Refusals:
    """Says of every refusal which person it was, by number; Django says only of what."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; alike for what exists and what does not."""
        response = self.get_response(request)
        if response.status_code in REFUSED and request.user.is_authenticated:
            what = f"{request.method} {visible(request.path)}"
            logger.warning("%s to person %s: %s", response.status_code, request.user.pk, what)
        return response
