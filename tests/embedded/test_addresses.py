from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from kombu import Connection
from psycopg.conninfo import conninfo_to_dict
from redis import Redis

from embedded import PostgresAddress, ValkeyAddress, hold, locate

POSTGRES = PostgresAddress("/run/a b/é", 5432, "qredo_dash", "p@s/s?w%d", "qredo_dash")
VALKEY = ValkeyAddress("/run/x/valkey.sock", "p@s/s?w%d")


def test_libpq_reads_back_what_the_url_says() -> None:
    read = conninfo_to_dict(POSTGRES.url)

    assert read == {
        "user": "qredo_dash",
        "password": "p@s/s?w%d",
        "dbname": "qredo_dash",
        "host": "/run/a b/é",
        "port": "5432",
    }


def test_kombu_talks_to_the_named_database(data_dir: Path) -> None:
    with hold(data_dir) as held:
        with Connection(held.addresses.valkey.url(3)) as kombu, kombu.SimpleQueue("tasks") as queue:
            queue.put("a message")
        with Redis.from_url(held.addresses.valkey.client_url(3)) as valkey:
            assert valkey.llen("tasks") == 1


def test_redis_py_form_names_socket_and_database() -> None:
    parts = urlsplit(VALKEY.client_url(2))

    assert (parts.scheme, parts.path, parse_qs(parts.query)) == (
        "unix",
        "/run/x/valkey.sock",
        {"db": ["2"]},
    )
    assert unquote(parts.password or "") == "p@s/s?w%d"


def test_no_repr_shows_a_password() -> None:
    assert "p@s" not in repr(POSTGRES) + repr(VALKEY)


def test_locate_changes_nothing_and_knows_no_password_yet(data_dir: Path) -> None:
    found = locate(data_dir)

    assert not data_dir.exists()
    assert not Path(found.postgres.socket_dir).exists()
    assert {found.postgres.password, found.owner.password, found.valkey.password} == {""}
