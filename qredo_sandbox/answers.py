"""The answers that are not data: Qredo's error shape, and the pages of a proxy in front of it."""

from http import HTTPStatus

from qredo_sandbox.exact import written
from qredo_sandbox.wire import Answer

# The published text has ``code`` as a string, one of its examples as an integer: both are told.
_CODED_IN_DIGITS = frozenset({400})


class Refused(Exception):  # noqa: N818 - the word for it in the tallies
    """The request is understood and refused; the reason travels in the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def document(content: object, status: int = 200) -> Answer:
    """Return an answer that carries JSON."""
    return Answer(status, written(content).encode())


def error(status: int, reason: str, *headers: tuple[str, str]) -> Answer:
    """Return an error in Qredo's shape."""
    content = {
        "code": status if status in _CODED_IN_DIGITS else str(status),
        "msg": HTTPStatus(status).phrase,
        "detail": {"reason": reason},
    }
    return Answer(status, document(content).body, headers=headers)


def page(status: int) -> Answer:
    """Return what a proxy shows when it has no answer of its own."""
    title = f"{status} {HTTPStatus(status).phrase}"
    text = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Answer(status, text.encode(), "text/html")
