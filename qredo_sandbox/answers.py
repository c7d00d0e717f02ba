"""The answers that are not data: Qredo's error shape, and the pages of a proxy in front of it."""

import json
from http import HTTPStatus

from qredo_sandbox.wire import Answer


def document(content: object, status: int = 200) -> Answer:
    """Return an answer that carries JSON."""
    return Answer(status, json.dumps(content, separators=(",", ":")).encode())


def error(status: int, reason: str, *headers: tuple[str, str]) -> Answer:
    """Return an error in Qredo's shape."""
    content = {
        "code": str(status),
        "msg": HTTPStatus(status).phrase,
        "detail": {"reason": reason},
    }
    return Answer(status, document(content).body, headers=headers)


def page(status: int) -> Answer:
    """Return what a proxy shows when it has no answer of its own."""
    title = f"{status} {HTTPStatus(status).phrase}"
    text = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Answer(status, text.encode(), "text/html")
