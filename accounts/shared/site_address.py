"""The site's own address for links in mails: never the one that a request claims to come to."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def absolute(request: HttpRequest, path: str) -> str:
    """Return the address of a page of this site."""
    return f"{settings.SITE_URL or _guessed(request)}{path}"


def _guessed(request: HttpRequest) -> str:
    """Return the first allowed host that others reach, else this machine.

    A server is reached by https at its usual port; an embedded installation at the port that it
    listens on, which is the server's word and not the request's.
    """
    allowed = [host for host in settings.ALLOWED_HOSTS if "*" not in host and host[:1] != "."]
    host = next((one for one in allowed if not _is_this_machine(one)), "localhost")
    if settings.SERVER_INSTALLATION:
        return f"https://{host}"
    port = str(request.META.get("SERVER_PORT", ""))
    return f"http://{host}:{port}" if port.isdigit() and port != "80" else f"http://{host}"


def _is_this_machine(host: str) -> bool:
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
