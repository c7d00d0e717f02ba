"""From a PostgreSQL address to Django's settings."""

import os
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

#: Milliseconds after which the server gives up for us, so that no request and no task hangs.
TIMEOUTS = {
    "statement_timeout": 30_000,
    "lock_timeout": 10_000,
    "idle_in_transaction_session_timeout": 60_000,
}


def settings_for(url: str) -> dict[str, Any]:
    """Return the `DATABASES` entry for a `postgresql://` address; sockets by `?host=`."""
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        # The parser's message may quote the address, password and all.
        raise ImproperlyConfigured("DATABASE_URL is not a PostgreSQL address.") from None
    entry: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 0,
        "OPTIONS": {**parts, "options": _server_options(), "application_name": "qredo-dash"},
    }
    if os.environ.get("QREDO_DASH_PROCESS") == "web":
        entry["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 8, "timeout": 10}
    return entry


def _server_options() -> str:
    return " ".join(f"-c {name}={milliseconds}" for name, milliseconds in TIMEOUTS.items())
