"""What the application's role may do to each table: granted anew after every migration.

The owner migrates (`DATABASE_OWNER_URL`); the application (`DATABASE_URL`) owns nothing, so that
what is append-only stays so whatever the application's code or an injected statement tries.
"""

import sys
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction

#: History: rows are added and read, never changed. Partitions are reached by their parent alone.
APPEND_ONLY = frozenset(
    {
        "accounts_act",
        "accounts_entryrule",
        "accounts_extent",
        "balances_change",
        "balances_payload",
        "balances_run",
        "balances_snapshot",
    }
)
#: Written by whoever migrates.
READ_ONLY = frozenset({"django_migrations"})
#: Functions that run with the owner's rights and that the application may call.
LENT = frozenset({"balances_analyse", "balances_make_months"})

_READ, _ADD, _CHANGE = "SELECT", "SELECT, INSERT", "SELECT, INSERT, UPDATE, DELETE"
_UNENFORCED = (
    "Append-only is not enforced by this migration: DATABASE_URL's role is the one that migrates,"
    " or may become it. Set DATABASE_OWNER_URL to another role.\n"
)

# What others own in this schema, an extension's view for instance, is not ours to grant.
_RELATIONS = """
SELECT relname, relkind::text, relispartition FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relowner = current_user::regrole
  AND relkind IN ('r', 'p', 'v', 'm', 'S')
ORDER BY relname
"""
_FUNCTIONS = """
SELECT proname, oid::regprocedure::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND proowner = current_user::regrole AND prosecdef
ORDER BY oid
"""


def grant_application(*, using: str, **_: Any) -> None:
    """Bring every grant to what this module says, in one transaction that nobody sees half of."""
    role = settings.APPLICATION_ROLE
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        if _is_enforceable(cursor, role):
            # Two migrations at once would update the same rows of the catalogue.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('qredo_dash.grants'))")
            for statement in _statements(cursor, connections[using].ops.quote_name, role):
                cursor.execute(statement)
        else:
            sys.stderr.write(_UNENFORCED)


def rights_on(name: str, kind: str, *, is_partition: bool) -> str:
    """Return the application's rights on a relation of a kind as in `pg_class.relkind`."""
    if is_partition:
        return ""
    if kind == "S":
        return "USAGE"
    if kind in {"v", "m"} or name in READ_ONLY:
        return _READ
    return _ADD if name in APPEND_ONLY else _CHANGE


def _is_enforceable(cursor: Any, role: str) -> bool:
    # True of a superuser, of the owner itself, and of whoever may become the owner.
    cursor.execute(
        "SELECT pg_has_role(oid, current_user, 'MEMBER') FROM pg_roles"
        " WHERE rolname = coalesce(nullif(%s, ''), current_user)",
        [role],
    )
    found = cursor.fetchone()
    if found is None:
        raise ImproperlyConfigured("DATABASE_URL's role does not exist; see deploy/postgres.")
    return not found[0]


def _statements(cursor: Any, quote: Any, role: str) -> Iterator[str]:
    to, database = quote(role), quote(cursor.db.settings_dict["NAME"])
    # No temporary tables either: one could stand before a table of the same name.
    yield f"REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM PUBLIC, {to}"
    yield f"GRANT CONNECT ON DATABASE {database} TO {to}"
    yield f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {to}"
    yield f"GRANT USAGE ON SCHEMA public TO {to}"
    cursor.execute(_RELATIONS)
    for name, kind, is_partition in cursor.fetchall():
        what = f"{'SEQUENCE' if kind == 'S' else 'TABLE'} public.{quote(name)}"
        yield f"REVOKE ALL ON {what} FROM PUBLIC, {to}"
        if rights := rights_on(name, kind, is_partition=is_partition):
            yield f"GRANT {rights} ON {what} TO {to}"
    cursor.execute(_FUNCTIONS)
    for name, signature in cursor.fetchall():
        yield f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC, {to}"
        if name in LENT:
            yield f"GRANT EXECUTE ON FUNCTION {signature} TO {to}"
