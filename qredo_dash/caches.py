"""From the address of a Valkey to Django's cache, which counts attempts for all workers alike."""

from typing import Any
from urllib.parse import quote, urlsplit

from django.core.exceptions import ImproperlyConfigured

#: Apart from the broker's queues: emptying the cache touches no message.
DATABASE = 1

#: Seconds after which a sign-in is refused rather than let in uncounted.
PATIENCE = 2


def beside(broker_url: str) -> str:
    """Return the address of the cache's own database on the broker's server."""
    parts = urlsplit(broker_url)
    if parts.scheme == "redis+socket":  # as Celery writes a socket
        return parts._replace(scheme="unix", query=f"db={DATABASE}").geturl()
    if parts.scheme not in {"redis", "rediss"}:
        raise ImproperlyConfigured("Set CACHE_URL: it cannot be guessed from REDIS_URL.")
    return parts._replace(path=f"/{DATABASE}").geturl()


def with_password(url: str, password: str) -> str:
    """Return a Valkey's address with its password, unless the address has one of its own."""
    parts = urlsplit(url)
    if not (url and password) or parts.password:
        return url
    host = parts.netloc.rpartition("@")[2]
    named = f"{parts.username or ''}:{quote(password, safe='')}@{host}"
    return parts._replace(netloc=named).geturl()


def is_of(url: str, broker_url: str) -> bool:
    """Whether an address names the server of the broker."""
    one, other = urlsplit(url), urlsplit(broker_url)
    return bool(one.hostname) and (one.hostname, one.port) == (other.hostname, other.port)


def settings_for(url: str) -> dict[str, Any]:
    """Return the `CACHES` entry for a `redis://`, `rediss://` or `unix://` address."""
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": "qredo-dash",
        "OPTIONS": {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE},
    }
