"""Which data of an installation are the demo's: told by what is stored, not by a setting."""

from typing import NamedTuple

from django.db import connection

#: The e-mail addresses of the demo's people end so; nobody can receive mail there.
DOMAIN = "@demo.example"

_STORED = """
SELECT EXISTS (SELECT FROM accounts_account WHERE is_demo),
    EXISTS (SELECT FROM accounts_account WHERE NOT is_demo),
    EXISTS (SELECT FROM accounts_user WHERE email LIKE %s)
"""


class MixedDataError(Exception):
    """An account of one's own beside demo accounts, or the other way round."""


class Stored(NamedTuple):
    """Whether there are demo accounts, accounts of somebody's own, and demo people."""

    demo: bool
    real: bool
    people: bool


def stored() -> Stored:
    """Return what an installation holds."""
    with connection.cursor() as cursor:
        cursor.execute(_STORED, [f"%{DOMAIN}"])
        return Stored._make(cursor.fetchone())


def check_unmixed(*, is_demo: bool) -> None:
    """Raise `MixedDataError` if a new account would stand beside accounts of the other kind."""
    there = stored()
    if is_demo and there.real:
        raise MixedDataError(
            "This installation holds accounts of its own: demo accounts need another DATA_DIR."
        )
    if not is_demo and there.demo and not there.real:
        raise MixedDataError(
            "This installation holds demo accounts: accounts of your own need another DATA_DIR."
        )
