"""The database engine: Django looks for `DatabaseWrapper` here."""

import time
from typing import Any

import psycopg
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool, PoolTimeout


class Pool(ConnectionPool):
    """Gives a connection that works; when one is found dead, all dead ones are thrown away at once.

    psycopg's own check finds them one by one and waits longer after each: 7 s after three.
    """

    def getconn(self, timeout: float | None = None) -> psycopg.Connection:
        """Return a connection, within `timeout` seconds. Raise `PoolTimeout`."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            connection = super().getconn(deadline - time.monotonic())
            try:
                self.check_connection(connection)
            except psycopg.Error:
                self.putconn(connection)
                self.check()
                if time.monotonic() >= deadline:
                    raise PoolTimeout("no connection to the database works") from None
            else:
                return connection


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with our pool in place of psycopg's."""

    @property
    def pool(self) -> ConnectionPool | None:
        """Return the pool of the process, which is opened by its first user."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        pools: dict[str, ConnectionPool] = self._connection_pools  # type: ignore[attr-defined]
        if self.alias not in pools:
            parameters = {**self.get_connection_params(), "autocommit": True}
            configure: Any = self._configure_connection  # type: ignore[attr-defined]
            made = Pool(kwargs=parameters, open=False, configure=configure, **options)
            pools.setdefault(self.alias, made)  # of two threads at once the first one's is kept
        return pools[self.alias]
