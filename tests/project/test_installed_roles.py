"""A real installation: `migrate` is the owner's, everything else is the application."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

import embedded
from tests.support.servers.installation import Installation, Ran, installed
from tests.support.servers.qredo_server import QredoServer

WHO = "from django.db import connection as c; k = c.cursor(); k.execute({!r}); print(k.fetchone())"
USERS = "SELECT current_user::text, session_user::text"


@dataclass(frozen=True)
class Site:
    """An installation whose stores run, and what a server's environment would be for them."""

    installation: Installation
    addresses: embedded.Addresses
    server: dict[str, str]

    def asks(self, statement: str, **changed: str) -> str:
        """Run a statement in a process of the program; return what it printed."""
        words = WHO.format(statement)
        ran = self.installation.run("shell", "--verbosity", "0", "-c", words, **changed)
        return ran.out or ran.err


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="qd-"))
    folder.chmod(0o755)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder)
        installation = undo.enter_context(
            installed(folder, undo.enter_context(QredoServer().running()))
        )
        at = undo.enter_context(embedded.hold(installation.data_dir)).addresses
        server = {
            "DATABASE_URL": at.postgres.url,
            "REDIS_URL": at.valkey.url(),
            "SECRET_KEY": "x" * 60,
            "VAULT_PUBLIC_KEYSET": "{}",
        }
        yield Site(installation, at, server)


def test_a_command_is_the_application(site: Site) -> None:
    assert site.asks(USERS) == "('qredo_dash', 'qredo_dash')\n"


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE balances_run SET slots = 1",
        "DELETE FROM balances_change",
        "TRUNCATE balances_payload",
        "DROP TABLE balances_snapshot CASCADE",
        "CREATE TABLE mine ()",
        "SET ROLE qredo_dash_owner",
    ],
)
def test_a_command_changes_no_history(site: Site, attempt: str) -> None:
    ran = site.installation.run("shell", "--verbosity", "0", "-c", WHO.format(attempt))
    assert ran.refused(2).startswith("The database's role may not do this: ")


def test_migrating_again_changes_nothing_and_restores_what_was_taken_or_given(site: Site) -> None:
    rights = (
        "SELECT relname, relacl::text FROM pg_class WHERE relkind IN ('r', 'p', 'S') ORDER BY 1"
    )
    before = site.installation.sql(rights)
    with psycopg.connect(site.addresses.owner.url, autocommit=True) as owner:
        owner.execute("GRANT ALL ON balances_run TO qredo_dash")
        owner.execute("GRANT UPDATE (size) ON balances_payload TO PUBLIC")
        owner.execute("REVOKE ALL ON accounts_user FROM qredo_dash")
    assert site.installation.sql(rights) != before
    assert site.installation.run("migrate", "--verbosity", "0") == Ran(0, "", "")
    assert site.installation.sql(rights) == before
    columns = "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    where = " WHERE attacl IS NOT NULL AND relnamespace = 'public'::regnamespace"
    assert site.installation.sql(columns + where) == [(0,)]


def test_on_a_server_the_owners_address_migrates(site: Site) -> None:
    given = {**site.server, "DATABASE_OWNER_URL": site.addresses.owner.url}
    ran = site.installation.run("migrate", "--verbosity", "0", **given)
    assert ran == Ran(0, "", "")
    assert site.asks(USERS, **given) == "('qredo_dash', 'qredo_dash')\n"


def test_on_a_server_without_an_owner_a_line_says_what_is_not_enforced(site: Site) -> None:
    ran = site.installation.run(
        "migrate", "--verbosity", "0", **{**site.server, "DATABASE_URL": site.addresses.owner.url}
    )
    assert (ran.code, ran.out) == (0, "")
    assert re.fullmatch("Append-only is not enforced .* DATABASE_OWNER_URL .*\n", ran.err)


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("DATABASE_OWNER_URL", "x y hunter2", "DATABASE_OWNER_URL is not a PostgreSQL address."),
        ("DATABASE_URL", "postgresql:///x", "DATABASE_URL has to name its role"),
        ("DATABASE_URL", "postgresql://nobody@/x", "DATABASE_URL's role does not exist"),
    ],
)
def test_addresses_that_make_no_sense_are_refused(
    site: Site, name: str, wrong: str, said: str
) -> None:
    given = {**site.server, "DATABASE_OWNER_URL": site.addresses.owner.url, name: wrong}
    told = site.installation.run("migrate", "--verbosity", "0", **given).refused(2)
    assert told.startswith(said)
    assert "hunter2" not in told
