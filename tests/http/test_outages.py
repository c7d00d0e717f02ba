"""While the database is away each request looks for it, unless looking would hold threads."""

import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import InterfaceError, OperationalError

from qredo_dash.http import outages


class Server:
    """A database that refuses, stays silent or answers; counts how often it was looked for."""

    def __init__(self) -> None:
        self.looks = 0
        self.now = 100.0
        self.answers: Callable[[], Any] = self.refuses

    def connect(self, *_: Any, **__: Any) -> Any:
        self.looks += 1
        return self.answers()

    def refuses(self) -> Any:
        raise psycopg.OperationalError("connection refused")

    def stays_silent(self) -> Any:
        self.now += outages.PATIENCE
        raise psycopg.OperationalError("timeout expired")

    def accepts(self) -> Any:
        class Connection:
            def close(self) -> None:
                """Nothing is open."""

        return Connection()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    found = Server()
    monkeypatch.setattr(psycopg, "connect", found.connect)
    monkeypatch.setattr(time, "monotonic", lambda: found.now)
    return found


@pytest.fixture
def outage(server: Server) -> outages.Outage:
    assert server.looks == 0
    found = outages.Outage()
    assert not found.lasts()
    found.begin(psycopg.OperationalError("lost"))
    return found


def test_a_database_that_accepts_again_is_found_by_the_next_request(
    server: Server, outage: outages.Outage
) -> None:
    assert [outage.lasts() for _ in range(3)] == [True, True, True]
    assert server.looks == 3
    server.answers = server.accepts
    assert not outage.lasts()
    assert not outage.lasts()
    assert server.looks == 4


def test_a_silent_database_is_looked_for_once_a_second(
    server: Server, outage: outages.Outage
) -> None:
    server.answers = server.stays_silent
    assert [outage.lasts() for _ in range(20)] == [True] * 20
    assert server.looks == 1
    server.now += outages.PAUSE
    server.answers = server.accepts
    assert not outage.lasts()


def test_both_ends_are_one_line(
    server: Server, outage: outages.Outage, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        outage.begin(psycopg.OperationalError("lost"))
        assert outage.lasts()
    server.answers = server.accepts
    assert not outage.lasts()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize(
    ("state", "away"),
    [
        ("08006", True),
        ("53000", True),
        ("53100", True),
        ("53200", True),
        ("53300", True),
        ("57P03", True),
        ("53400", False),
        ("57014", False),
        ("40P01", False),
    ],
)
def test_a_limit_that_one_statement_passed_is_no_outage(state: str, *, away: bool) -> None:
    error = OperationalError("made up")
    error.__cause__ = psycopg.errors.lookup(state)()
    assert outages.is_away(error) is away
    assert outages.is_away(error.__cause__) is away


def test_what_tells_no_state_is_an_outage_if_it_is_of_the_connection() -> None:
    for kind in (OperationalError, InterfaceError, psycopg.OperationalError):
        assert outages.is_away(kind("connection refused"))
    assert not any(map(outages.is_away, (ValueError("wrong"), psycopg.ProgrammingError(), None)))
