"""Where the stores answer, and with which password."""

from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass(frozen=True)
class PostgresAddress:
    """A database behind a unix socket."""

    socket_dir: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str

    @property
    def url(self) -> str:
        """A libpq URI; the port is named so that PGPORT in the environment cannot bend it."""
        who = f"{_escaped(self.user)}:{_escaped(self.password)}"
        host = _escaped(self.socket_dir)
        return f"postgresql://{who}@/{_escaped(self.database)}?host={host}&port={self.port}"


@dataclass(frozen=True)
class ValkeyAddress:
    """A Valkey server behind a unix socket."""

    socket_path: str
    password: str = field(repr=False)

    def url(self, db: int = 0) -> str:
        """Give the form that kombu and Celery read."""
        return f"redis+socket://{self._place}?virtual_host={db}"

    def client_url(self, db: int = 0) -> str:
        """Give the form that redis-py reads."""
        return f"unix://{self._place}?db={db}"

    @property
    def _place(self) -> str:
        return f":{_escaped(self.password)}@{quote(self.socket_path)}"


@dataclass(frozen=True)
class Addresses:
    """Both stores of one data folder; PostgreSQL as the application and as the tables' owner."""

    postgres: PostgresAddress
    owner: PostgresAddress
    valkey: ValkeyAddress


def _escaped(text: str) -> str:
    return quote(text, safe="")
