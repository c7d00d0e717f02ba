"""The project as an app: what has to hold before anything else does."""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from qredo_dash import grants

#: `old` and `new` in RETURNING, and keys WITHOUT OVERLAPS.
OLDEST_POSTGRESQL = 180_000


class QredoDashConfig(AppConfig):
    """Qredo Dash."""

    name = "qredo_dash"

    def ready(self) -> None:
        """Look at every new connection before it is used; grant again after every migration."""
        from qredo_dash import checks  # noqa: F401, PLC0415 - registers them, once apps are there
        from qredo_dash.session_limits import begin  # noqa: PLC0415 - sessions are there only now

        user_logged_in.connect(begin, dispatch_uid="session limits")

        connection_created.connect(_refuse_old_servers, dispatch_uid="oldest PostgreSQL")
        # Sent once an app with models, after all tables are made: one of them is enough.
        ours = apps.get_app_config("balances")
        post_migrate.connect(grants.grant_application, sender=ours, dispatch_uid="grants")


def _refuse_old_servers(connection: Any, **_: Any) -> None:
    version = connection.pg_version
    if version < OLDEST_POSTGRESQL:
        connection.close()
        raise ImproperlyConfigured(
            f"PostgreSQL {OLDEST_POSTGRESQL // 10_000} or newer is needed;"
            f" this server is {version // 10_000}.{version % 10_000}."
        )
