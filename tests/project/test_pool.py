"""The pool of the web process is quick again after the database was away."""

import time
from typing import Any

import pytest
from django.conf import settings

from qredo_dash import database
from qredo_dash.postgresql.base import DatabaseWrapper


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A web process's way to the database, with a pool of its own."""
    monkeypatch.setenv(database.PROCESS, database.WEB)
    given = {**settings.DATABASES["default"], **database.settings_for(settings.DATABASE_URL)}
    wrapper: Any = DatabaseWrapper(given, alias="pool")
    yield wrapper
    wrapper.close_pool()


def test_connections_that_died_are_thrown_away_at_once(
    web: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = web.pool
    assert pool is not None
    pool.open()
    taken = [pool.getconn() for _ in range(6)]
    for connection in taken:
        pool.putconn(connection)
    for connection in taken:
        connection.pgconn.finish()

    def never(seconds: float) -> None:
        pytest.fail(f"waited {seconds} s")

    # psycopg's own check waits a second, then two, then four.
    monkeypatch.setattr("psycopg_pool.pool.sleep", never)
    monkeypatch.setattr(time, "sleep", never)
    connection = pool.getconn()
    assert connection.execute("SELECT 1").fetchone() == (1,)
    assert connection not in taken
    pool.putconn(connection)
