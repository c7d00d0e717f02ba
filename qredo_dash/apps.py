"""The project as an app: what has to hold before anything else does."""

from typing import Any

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created

#: `old` and `new` in RETURNING, and keys WITHOUT OVERLAPS.
OLDEST_POSTGRESQL = 180_000


class QredoDashConfig(AppConfig):
    """Qredo Dash."""

    name = "qredo_dash"

    def ready(self) -> None:
        """Look at every new connection before it is used."""
        connection_created.connect(_refuse_old_servers, dispatch_uid="oldest PostgreSQL")


def _refuse_old_servers(connection: Any, **_: Any) -> None:
    version = connection.pg_version
    if version < OLDEST_POSTGRESQL:
        connection.close()
        raise ImproperlyConfigured(
            f"PostgreSQL {OLDEST_POSTGRESQL // 10_000} or newer is needed;"
            f" this server is {version // 10_000}.{version % 10_000}."
        )
