"""Sets of accounts as a part of statements of our own, which need their ids and nothing else.

Django builds and compiles `visible_to` at every look, which takes longer than PostgreSQL does to
answer; its text is always the same but for who reads. So it is compiled once, for nobody.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from accounts.access import visible_to
from accounts.models import Account, User

#: No person has it; it marks where the reader's stands in a compiled text.
_NOBODY = -1


@dataclass(frozen=True, slots=True)
class Ids:
    """SQL that gives the ids of accounts, and the values of its placeholders."""

    text: str
    values: Mapping[str, Any]


_NONE = Ids("SELECT NULL::bigint WHERE false", {})


def ids_of(accounts: QuerySet[Account]) -> Ids:
    """Return the ids of accounts, not yet looked up."""
    try:
        text, values = accounts.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return _NONE
    named = {f"id_{number}": value for number, value in enumerate(values)}
    places = iter(named)
    return Ids(re.sub("%s", lambda _: f"%({next(places)})s", text), named)


def id_of(account: Account) -> Ids:
    """Return the id of one account."""
    return Ids("SELECT %(id_0)s::bigint", {"id_0": account.pk})


def ids_visible_to(user: User | AnonymousUser) -> Ids:
    """Return the ids of `visible_to`, without compiling it anew."""
    if not user.is_authenticated or not user.is_active:
        return _NONE
    for_nobody = _visible_to_nobody()
    values = {n: user.pk if v == _NOBODY else v for n, v in for_nobody.values.items()}
    return Ids(for_nobody.text, values)


@cache
def _visible_to_nobody() -> Ids:
    return ids_of(visible_to(User(pk=_NOBODY)))
