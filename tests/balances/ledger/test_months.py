"""Months of history are made with the owner's rights, lent to the application within bounds."""

from typing import Any

import psycopg
import pytest
from django.db import connection

from balances.models import Change
from qredo_dash import grants
from tests.support.history import at, coins, keyless, seen

Link = psycopg.Connection[Any]


def test_only_what_is_listed_runs_with_the_owners_rights(link: Link) -> None:
    found = link.execute(
        "SELECT proname, proconfig, has_function_privilege(oid, 'EXECUTE'),"
        " EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) a"
        "   WHERE a.grantee = 0)"
        " FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY 1"
    ).fetchall()
    path = ["search_path=pg_catalog, pg_temp"]
    assert found == [(name, path, True, False) for name in sorted(grants.LENT)]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2008-12-31", "2009-01-01"),
        ("2199-12-01", "2200-01-01"),
        ("2026-02-01", "2026-01-31"),
        ("2026-01-31", "2046-01-01"),
        ("-infinity", "2026-01-01"),
        ("2026-01-01", "infinity"),
        (None, "2026-01-01"),
        ("2026-01-01", None),
    ],
)
def test_months_are_made_within_bounds(link: Link, first: str | None, last: str | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="from 2009 to 2199"):
        link.execute("SELECT balances_make_months(%s, %s)", [first, last])


@pytest.mark.django_db
def test_a_new_month_has_no_rights_of_its_own_and_takes_rows_by_its_parent(link: Link) -> None:
    account = keyless("Custody", at(10))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL datestyle = 'German'")
        cursor.execute("SELECT balances_make_months('2026-01-31', '2028-12-31')")
        cursor.execute(
            "SELECT count(*), bool_or(has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE')),"
            " min(pg_get_userbyid(relowner)), max(pg_get_userbyid(relowner))"
            " FROM pg_class WHERE relispartition AND relkind = 'r'"
        )
        count, reachable, *owners = cursor.fetchone() or (0, True)
        cursor.execute("RESET datestyle")
    assert count >= 36
    assert not reachable
    assert owners == [connection.settings_dict["USER"]] * 2
    seen(account, at(10), BTC=coins(1))
    assert Change.objects.count() == 1
    assert link.execute("SELECT count(*) FROM balances_change").fetchone() == (0,)


def test_the_application_may_tell_the_planner_what_it_loaded(link: Link) -> None:
    with link.transaction(force_rollback=True):
        link.execute("SELECT balances_analyse()")
