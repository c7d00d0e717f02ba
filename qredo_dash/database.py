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
#: Sums by point are added up in memory: by the usual measure the planner expects them not to fit,
#: and sorts a year's hours on disk. An allowance, of which is taken what is needed.
MEMORY = {"hash_mem_multiplier": 8}

#: There is a connection for each thread, so a request waits for one only while the database is
#: away. A lost one is made anew for a second, with growing pauses; then at the next request.
POOL = {"min_size": 1, "max_size": 8, "timeout": 2, "reconnect_timeout": 1.0}

#: The variable that says what kind of process this is, and its values.
PROCESS = "QREDO_DASH_PROCESS"
WEB, OWNER, BEAT = "web", "owner", "beat"


def is_owner() -> bool:
    """Whether this process changes the schema, and so connects as the tables' owner."""
    return os.environ.get(PROCESS) == OWNER


def is_beat() -> bool:
    """Whether this process only sends tasks: it signs, seals and opens nothing."""
    return os.environ.get(PROCESS) == BEAT


def is_web() -> bool:
    """Whether this process answers browsers and does nothing else."""
    return os.environ.get(PROCESS) == WEB


def role_of(url: str) -> str:
    """Return the name of the role that an address connects as, if it gives one."""
    return _parts(url, "DATABASE_URL").get("user", "")


def settings_for(url: str, name: str = "DATABASE_URL") -> dict[str, Any]:
    """Return the `DATABASES` entry for a `postgresql://` address; sockets by `?host=`."""
    parts = _parts(url, name)
    entry: dict[str, Any] = {
        "ENGINE": "qredo_dash.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 0,
        "OPTIONS": {**parts, "options": _server_options(), "application_name": "qredo-dash"},
    }
    if os.environ.get(PROCESS) == WEB:
        entry["OPTIONS"]["pool"] = dict(POOL)
    return entry


def _parts(url: str, name: str) -> dict[str, str]:
    try:
        return {part: str(value) for part, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        # The parser's message may quote the address, password and all.
        raise ImproperlyConfigured(f"{name} is not a PostgreSQL address.") from None


def _server_options() -> str:
    return " ".join(f"-c {name}={value}" for name, value in {**TIMEOUTS, **MEMORY}.items())
