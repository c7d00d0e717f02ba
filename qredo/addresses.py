"""The base URL of an environment, in the one form that is both signed and requested."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_PLAIN_HOST = re.compile(r"[a-z0-9]([a-z0-9_.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_PLAIN_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def canonical_base_url(text: str) -> str:
    """Return `scheme://host[:port][/path]` without trailing slash, as HTTP will send it.

    Scheme and host become lower case and a default port goes, since the Host header has neither.
    Raises ValueError for another scheme, plain http beyond loopback, a query, or log-in data.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = _host(parts), parts.port
    except ValueError:
        raise ValueError("the base URL is not a valid address") from None
    path = parts.path.rstrip("/")
    if parts.scheme not in _DEFAULT_PORTS or "?" in text or "#" in text or "@" in parts.netloc:
        raise ValueError("the base URL must be https, without log-in data, query or fragment")
    if not _PLAIN_HOST.fullmatch(host) or not _PLAIN_PATH.fullmatch(path):
        raise ValueError("the base URL must have a plain ASCII host and path")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("the base URL must be https: plain http is for loopback only")
    suffix = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{suffix}{path}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very form: localhost, 127.0.0.0/8 or ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    return f"[{host}]" if ":" in host else host
