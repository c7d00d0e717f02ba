"""What a process of the program looks at once, before it does anything."""

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

_OWNED = """
SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
    EXISTS (SELECT FROM pg_class WHERE relname = 'balances_snapshot' AND relkind = 'r'
        AND pg_has_role(current_user, relowner, 'USAGE'))
"""


def check_role() -> None:
    """Raise `ImproperlyConfigured` if this process could change what has been written.

    The tables' owner and superusers can: only `migrate` is given such a role. While the database is
    away there is nothing to ask, which is no reason not to start: then the first connection is.
    """
    try:
        _check(connection)
    except DatabaseError:
        connection_created.connect(_check_first, dispatch_uid=_check_first)


def _check_first(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Look at a connection before it is used, until one could be asked. A wrong one is closed."""
    with suppress(DatabaseError):
        try:
            _check(connection)
        except ImproperlyConfigured:
            # Else the next query would find it open and go on.
            connection.close()
            raise
        connection_created.disconnect(dispatch_uid=_check_first)


def _check(link: Any) -> None:
    with link.cursor() as cursor:
        cursor.execute(_OWNED)
        ((is_superuser, owns_tables),) = cursor.fetchall()
    if is_superuser or owns_tables:
        what = "is a superuser" if is_superuser else "owns the tables"
        raise ImproperlyConfigured(
            f"The role {settings.APPLICATION_ROLE!r} of DATABASE_URL {what}, so history would not"
            " be append-only. Give the role qredo_dash here and the owner's address to `migrate`"
            " alone."
        )
