"""Where acts come from: the request or the command that this thread works for.

Kept beside the call rather than passed through every use case: who acts is an argument of a use
case, from where is a fact of the process.
"""

import ipaddress
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from accounts.words import visible

#: A browser names itself in less; the rest of a longer name tells nothing.
LONGEST_AGENT = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """A request's address and browser, or a command's operator and name; nothing for a task."""

    address: str = ""
    agent: str = ""
    operator: str = ""


#: Of what nobody at hand asked for.
UNKNOWN = Origin()

_current: ContextVar[Origin] = ContextVar("origin", default=UNKNOWN)


def current() -> Origin:
    """Return where what happens now comes from."""
    return _current.get()


@contextmanager
def acting_from(origin: Origin) -> Iterator[None]:
    """Let acts of this block come from there."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)


def of_request(request: HttpRequest) -> Origin:
    """Return the origin of a request."""
    agent = visible(request.headers.get("User-Agent", ""))[:LONGEST_AGENT]
    return Origin(address_of(request), agent)


def of_command(name: str) -> Origin:
    """Return the origin of a command: whom the kernel says that this process runs as."""
    number = os.getuid()
    try:
        operator = pwd.getpwuid(number).pw_name
    except KeyError:
        operator = f"uid {number}"  # a container's user often has no name
    return Origin(agent=f"manage.py {name}", operator=operator)


def address_of(request: HttpRequest) -> str:
    """Return the client's address as far as it can be trusted, or nothing.

    Each of the `TRUSTED_PROXIES` before this process adds the address that it was asked from to the
    end of `X-Forwarded-For`; whatever stands further to the left, anybody may have written.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        address = told[-settings.TRUSTED_PROXIES] if len(told) >= settings.TRUSTED_PROXIES else ""
    return _plain(address.strip())


def _plain(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
