"""Who can reach the running stores, and what they show of their secrets."""

import os
import stat
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from embedded import Hold
from tests.embedded.scene import ask, connect, execute, servers_of

ONCE = Retry(NoBackoff(), 0)


FLAGS = "SELECT (rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls)::text"


def as_application(running: Hold) -> psycopg.Connection[Any]:
    at = running.addresses.postgres
    return connect(running.addresses, user=at.user, password=at.password)


def test_owner_is_no_superuser_but_makes_databases_and_may_be_the_application(
    running: Hold,
) -> None:
    said = ask(running.addresses, f"{FLAGS} FROM pg_roles WHERE rolname = current_user")

    assert said == "(f,t,f,f,f)"
    execute(running.addresses, "CREATE EXTENSION IF NOT EXISTS btree_gist")
    execute(running.addresses, "SET ROLE qredo_dash")


@pytest.mark.parametrize(
    "attempt",
    [
        "CREATE TABLE mine ()",
        "CREATE SCHEMA mine",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "CREATE EXTENSION citext",
        "ALTER DATABASE qredo_dash OWNER TO qredo_dash",
        "ALTER ROLE qredo_dash CREATEDB",
        "GRANT qredo_dash_owner TO qredo_dash",
        "SET ROLE qredo_dash_owner",
        "SET SESSION AUTHORIZATION qredo_dash_owner",
        "SET ROLE postgres",
        "SET session_replication_role = replica",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('PG_VERSION')",
    ],
)
def test_application_can_only_log_in(running: Hold, attempt: str) -> None:
    with as_application(running) as link:
        flags = link.execute(f"{FLAGS} FROM pg_roles WHERE rolname = current_user")
        assert flags.fetchone() == ("(f,f,f,f,f)",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            link.execute(attempt.encode())


@pytest.mark.parametrize("user", ["qredo_dash", "qredo_dash_owner", "postgres"])
@pytest.mark.parametrize("password", ["wrong", ""])
def test_postgresql_wants_the_password(running: Hold, user: str, password: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        connect(running.addresses, user=user, password=password)


@pytest.mark.parametrize("password", ["wrong", None])
def test_valkey_wants_the_password(running: Hold, password: str | None) -> None:
    path = running.addresses.valkey.socket_path
    with (
        redis.Redis(unix_socket_path=path, password=password, retry=ONCE) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_sockets_are_the_owners_alone(running: Hold) -> None:
    sockets = Path(running.addresses.postgres.socket_dir)

    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in sockets.iterdir()} == {0}


def test_nothing_listens_on_tcp(running: Hold, running_dir: Path) -> None:
    sockets = {link for pid in servers_of(running_dir) for link in _sockets(pid)}
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    lines = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]

    assert ask(running.addresses, "SHOW listen_addresses") == ""
    assert sockets
    assert not sockets & {f"socket:[{fields[9]}]" for fields in lines}


def test_secrets_stay_in_private_files(running: Hold, running_dir: Path) -> None:
    at = running.addresses
    secrets = {at.postgres.password, at.owner.password, at.valkey.password}

    assert len(secrets) == 3
    for name in ("stores.json", "valkey.conf"):
        assert stat.S_IMODE((running_dir / name).stat().st_mode) == 0o600
    places = [Path(f"/proc/{pid}") for pid in servers_of(running_dir)]
    shown = [(place / name).read_text() for place in places for name in ("cmdline", "environ")]
    logs = [log.read_text() for log in running_dir.glob("*.log")]
    assert not [secret for secret in secrets if secret in "".join(shown + logs)]


def test_log_quotes_no_row(running: Hold, running_dir: Path) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        execute(
            running.addresses,
            "CREATE TEMP TABLE a (n text CHECK (n = '')); INSERT INTO a VALUES ('canary')",
        )

    log = (running_dir / "postgres.log").read_text()
    assert "violates check constraint" in log
    assert "canary" not in log


@pytest.mark.usefixtures("running")
def test_servers_share_no_session_or_lock_with_their_starter(running_dir: Path) -> None:
    servers = servers_of(running_dir)
    users = (running_dir / "users.lock").stat().st_ino

    assert servers
    assert all(os.getsid(pid) != os.getsid(0) for pid in servers)
    assert all(users not in _inodes(pid) for pid in servers)


def _sockets(pid: int) -> list[str]:
    links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    return [link for link in links if link.startswith("socket:")]


def _inodes(pid: int) -> set[int]:
    return {entry.stat().st_ino for entry in Path(f"/proc/{pid}/fd").iterdir()}
