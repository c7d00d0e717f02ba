"""Running the ledger's own SQL: parameters always apart from the text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from psycopg.types.datetime import TimestamptzLoader

Values = Sequence[Any] | Mapping[str, Any]


def rows(statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """Return every row of a statement."""
    with connection.cursor() as cursor:
        # Django's loader of instants takes most of the time of a large answer. The driver's own
        # gives the same ones.
        cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def count(statement: str, values: Values = ()) -> int:
    """Run a statement that writes; return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        touched: int = cursor.rowcount
    return touched


def instants(given: Iterable[datetime | None]) -> str:
    """Return instants as the text of one array: the driver would write each by itself, slowly."""
    return "{" + ",".join("NULL" if at is None else f'"{at.isoformat()}"' for at in given) + "}"


def ids(given: Iterable[int | None]) -> str:
    """Return ids, or other whole numbers, as the text of one array, for the same reason."""
    return "{" + ",".join(map(str, given)).replace("None", "NULL") + "}"


@contextmanager
def one_view() -> Iterator[None]:
    """Let every statement of the block see the database as of one moment; nothing is written."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(savepoint=False):  # nothing is written that could be taken back
        if is_outermost:
            count("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def take_time() -> None:
    """Let the rest of this transaction's statements last: a person waits for them, no page does."""
    count("SET LOCAL statement_timeout = 0")


def many(statement: str, values: Sequence[Sequence[Any]]) -> None:
    """Run a statement once for each sequence of values."""
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(statement, values)
