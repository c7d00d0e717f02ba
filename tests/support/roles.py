"""Tests run as the application's role; the owner makes their database and empties it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase


@contextmanager
def application() -> Iterator[None]:
    """Let every connection, those of other threads too, begin as the application's role."""
    options = connection.settings_dict["OPTIONS"]
    was = options["options"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            TransactionTestCase, "_fixture_teardown", _emptied_by_owner(TransactionTestCase)
        )
        patch.setitem(options, "options", f"{was} -c role={settings.APPLICATION_ROLE}")
        connection.close()
        yield
    connection.close()


@contextmanager
def owner() -> Iterator[None]:
    """Be the owner meanwhile, in this thread's connection and in its transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
    try:
        yield
    finally:
        # An aborted transaction takes its SET ROLE back by itself.
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")


def _emptied_by_owner(cases: Any) -> Any:
    empty = cases._fixture_teardown

    def teardown(case: Any) -> None:
        # TRUNCATE is the owner's.
        with owner():
            empty(case)

    return teardown
