"""A PostgreSQL that is too old is refused in words, before anything is asked of it."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from qredo_dash import apps


@pytest.mark.usefixtures("db")
def test_an_older_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "OLDEST_POSTGRESQL", 990_000)
    link = connections.create_connection("default")
    with pytest.raises(ImproperlyConfigured, match=r"PostgreSQL 99 or newer .* this server is 18"):
        link.ensure_connection()
    assert link.connection is None
