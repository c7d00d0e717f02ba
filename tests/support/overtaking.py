"""Two acts at once: the second begins while the first holds its transaction open."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from django.db import connection, transaction

from balances.core import sql

T = TypeVar("T")

# Of this database, or for another transaction, which belongs to none.
_WAITING = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND (locktype = 'transactionid'
    OR database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


def behind(first: Callable[[], object], second: Callable[[], T]) -> T:
    """Do `first`, let `second` come up behind it before it is committed; return what that returns.

    `second` has a connection of its own. It goes on when it waits for the first one or is through.
    """
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            begun = pool.submit(_on_its_own, second)
            _until_it_waits(begun)
        return begun.result(timeout=30)


def _on_its_own(act: Callable[[], T]) -> T:
    try:
        return act()
    finally:
        connection.close()


def _until_it_waits(begun: "Future[T]") -> None:
    for _ in range(1500):
        wait([begun], timeout=0.02)
        if begun.done() or sql.rows(_WAITING, []) != [(0,)]:
            return
    raise AssertionError("the second act neither waits nor ends")
