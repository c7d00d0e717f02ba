"""The application's role tries to break every grant, logged in as the program itself is."""

from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from balances.models import Change, Holding
from qredo_dash import grants
from tests.support.history import at, coins, keyless, seen

#: Whoever adds a table decides: here, or in `grants.APPEND_ONLY`.
CHANGEABLE = {
    "account_emailaddress",
    "account_emailconfirmation",
    "accounts_account",
    "accounts_apikey",
    "accounts_invitation",
    "accounts_membership",
    "accounts_offer",
    "accounts_organization",
    "accounts_share",
    "accounts_tag",
    "accounts_tenure",
    "accounts_user",
    "accounts_user_groups",
    "accounts_user_user_permissions",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "balances_environment",
    "balances_holding",
    "balances_incident",
    "balances_pause",
    "balances_refresh",
    "balances_refresh_batch",
    "balances_rejected",
    "balances_rollup_day",
    "balances_rollup_hour",
    "balances_schedule",
    "django_content_type",
    "django_session",
    "mfa_authenticator",
    "socialaccount_socialaccount",
    "socialaccount_socialapp",
    "socialaccount_socialtoken",
    "usersessions_usersession",
}
EVERYTHING = {
    "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN",
}  # fmt: skip
#: By name, not as the program lists them: what it forgets is missed here.
HISTORY = [
    "accounts_act",
    "accounts_entryrule",
    "accounts_extent",
    "balances_change",
    "balances_payload",
    "balances_run",
    "balances_snapshot",
]
#: What only an owner may do to any table, and what would undo a check on it.
OWNERS_ONLY = (
    "TRUNCATE {}",
    "DROP TABLE {} CASCADE",
    "ALTER TABLE {} ADD COLUMN mine integer",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "ALTER TABLE {} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {} OWNER TO CURRENT_USER",
    "ALTER TABLE {} RENAME TO mine",
    "ALTER TABLE {} SET SCHEMA pg_temp",
    "CREATE TRIGGER mine AFTER INSERT ON {} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON INSERT TO {} DO INSTEAD NOTHING",
    "CREATE INDEX ON {} ((1))",
    "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
)

Link = psycopg.Connection[Any]


def refused(link: Link, statement: str, *names: str) -> None:
    """Check that the role may not; an attempt that succeeds is rolled back before it is told."""
    attempt = sql.SQL(statement).format(*(sql.Identifier(name) for name in names))
    with pytest.raises(InsufficientPrivilege), link.transaction(force_rollback=True):
        link.execute(attempt)


def relations(link: Link, kinds: str) -> dict[str, bool]:
    """Return every relation of our schema of these kinds, and whether it is a partition."""
    found = link.execute(
        "SELECT relname, relispartition FROM pg_class WHERE relkind::text = ANY(%s)"
        " AND relnamespace = 'public'::regnamespace",
        [list(kinds)],
    )
    return dict(found.fetchall())


def tables(link: Link) -> list[str]:
    return sorted(name for name, is_part in relations(link, "rp").items() if not is_part)


def rights(link: Link, name: str) -> set[str]:
    """Return what the role may do, by whatever way, on the table or on any of its columns."""
    asked = (
        "SELECT has_table_privilege(%s, p) OR (p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')"
        " AND has_any_column_privilege(%s, p)), p FROM unnest(%s::text[]) p"
    )
    found = link.execute(asked, [f'public."{name}"'] * 2 + [sorted(EVERYTHING)])
    return {right for may, right in found.fetchall() if may}


def test_every_table_has_been_decided_on(link: Link) -> None:
    assert set(HISTORY) == grants.APPEND_ONLY
    known = CHANGEABLE | grants.APPEND_ONLY | grants.READ_ONLY
    assert set(tables(link)) == known
    assert not CHANGEABLE & grants.APPEND_ONLY


def test_rights_are_exactly_these(link: Link) -> None:
    changeable = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    wanted = {
        **dict.fromkeys(CHANGEABLE, changeable),
        **{name: {"SELECT", "INSERT"} for name in HISTORY},
        **{name: {"SELECT"} for name in grants.READ_ONLY},
    }
    assert {name: rights(link, name) for name in tables(link)} == wanted


def test_a_view_would_only_be_read(link: Link) -> None:
    assert {name: rights(link, name) for name in relations(link, "vm")} == {}
    assert grants.rights_on("mine", "v", is_partition=False) == "SELECT"


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE {} SET account_id = account_id",
        "DELETE FROM {}",
        "SELECT * FROM {} FOR UPDATE",
        "SELECT * FROM {} FOR KEY SHARE",
        "MERGE INTO {} USING (SELECT 1) AS n ON true WHEN MATCHED THEN DELETE",
    ],
)
def test_history_is_never_changed(link: Link, table: str, attempt: str) -> None:
    columns = {
        "accounts_act": "who", "accounts_entryrule": "reason",
        "accounts_extent": "wallets", "balances_change": "scale",
        "balances_payload": "size",
    }  # fmt: skip
    column = columns.get(table, "account_id")
    refused(link, attempt.replace("account_id", column), table)


def test_an_upsert_changes_no_bytes(link: Link) -> None:
    refused(
        link,
        "INSERT INTO balances_payload (digest, body, size) VALUES ('', '', 1)"
        " ON CONFLICT (digest) DO UPDATE SET size = 2",
    )


@pytest.mark.parametrize("attempt", OWNERS_ONLY)
def test_no_table_is_emptied_altered_or_locked(link: Link, attempt: str) -> None:
    locks = attempt.startswith("LOCK")
    for table in tables(link):
        # Who may change rows may lock the table too; that ends with the transaction.
        if not (locks and table in CHANGEABLE):
            refused(link, attempt, table)


@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT FROM {}",
        "INSERT INTO {} SELECT * FROM balances_change",
        "UPDATE {} SET scale = 1",
        "DELETE FROM {}",
        "ALTER TABLE balances_change DETACH PARTITION {}",
        *OWNERS_ONLY,
    ],
)
def test_a_partition_is_reached_by_its_parent_alone(link: Link, attempt: str) -> None:
    parts = [name for name, is_part in relations(link, "rp").items() if is_part]
    assert parts
    for name in parts:
        refused(link, attempt, name)


@pytest.mark.parametrize(
    "attempt",
    [
        "CREATE TABLE mine ()",
        "CREATE TABLE mine PARTITION OF balances_change DEFAULT",
        "CREATE TEMPORARY TABLE balances_run ()",
        "CREATE VIEW mine AS SELECT 1",
        "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE mine AS ENUM ()",
        "CREATE SEQUENCE mine",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "CREATE EXTENSION citext",
        "DROP SCHEMA public CASCADE",
        "DROP FUNCTION balances_make_months",
        "ALTER FUNCTION balances_make_months SECURITY INVOKER",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "SET session_replication_role = replica",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {0} GRANT ALL ON TABLES TO PUBLIC",
        "SET ROLE {0}",
        "SET SESSION AUTHORIZATION {0}",
        "GRANT {0} TO CURRENT_USER",
        "ALTER ROLE {0} PASSWORD 'mine'",
        "REASSIGN OWNED BY {0} TO CURRENT_USER",
        "DROP OWNED BY {0}",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('a', 'b', now())",
    ],
)
def test_nothing_is_made_taken_or_given(link: Link, attempt: str) -> None:
    refused(link, attempt, str(connection.settings_dict["USER"]))


@pytest.mark.parametrize("table", HISTORY)
def test_it_cannot_grant_itself_more(link: Link, table: str) -> None:
    # PostgreSQL only warns of this, since the role has other rights there.
    with link.transaction(force_rollback=True):
        link.execute(f"GRANT ALL ON {table} TO CURRENT_USER")
        link.execute("GRANT CREATE ON SCHEMA public TO CURRENT_USER")
        assert rights(link, table) == {"SELECT", "INSERT"}
        may = link.execute("SELECT has_schema_privilege('public', 'CREATE')").fetchone()
    assert may == (False,)


def test_sequences_count_on_and_are_not_set_back(link: Link) -> None:
    names = list(relations(link, "S"))
    assert names
    for name in names:
        refused(link, f"SELECT setval('{name}', 1)")
        refused(link, "ALTER SEQUENCE {} RESTART", name)


@pytest.mark.django_db
@pytest.mark.usefixtures("as_owner")
def test_the_owner_can_tamper_which_is_what_the_grants_are_against() -> None:
    seen(keyless("Custody", at(10)), at(10), BTC=coins(1))
    assert Change.objects.update(scale=1) == 1
    assert Holding.objects.count() == 1


@pytest.mark.django_db
def test_tests_run_as_the_application() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user, current_user <> session_user")
        owner = connection.settings_dict["USER"]
        assert cursor.fetchone() == (settings.APPLICATION_ROLE, owner, True)
