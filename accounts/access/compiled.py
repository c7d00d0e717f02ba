"""What somebody may see as a part of statements of our own, which need ids and nothing else.

Django builds and compiles `visible_to` at every look, which takes longer than PostgreSQL does to
answer; its text is always the same but for who reads. So it is compiled once, for nobody.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from accounts.access.querysets import (
    closed_organizations,
    summed_tenures_of,
    tenures_of,
    visible_to,
)
from accounts.access.roles import operated_accounts
from accounts.models import Account, User

#: What finds something for somebody: a function of a module, since what it builds is kept.
Build = Callable[[User], QuerySet[Any]]

#: No person has it; it marks where the reader's stands in a compiled text.
_NOBODY = -1


@dataclass(frozen=True, slots=True)
class Ids:
    """SQL that gives ids, of accounts for one, and the values of its placeholders."""

    text: str
    values: Mapping[str, Any]


_NONE = Ids("SELECT NULL::bigint WHERE false", {})


def ids_of(found: QuerySet[Any], name: str = "id") -> Ids:
    """Return the ids of what a queryset finds, which is not looked up yet.

    Texts of different names may stand in one statement.
    """
    try:
        text, values = found.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return _NONE
    named = {f"{name}_{number}": value for number, value in enumerate(values)}
    places = iter(named)
    return Ids(re.sub("%s", lambda _: f"%({next(places)})s", text), named)


def id_of(account: Account) -> Ids:
    """Return the id of one account."""
    return Ids("SELECT %(id_0)s::bigint", {"id_0": account.pk})


def ids_visible_to(user: User | AnonymousUser) -> Ids:
    """Return the ids of `visible_to`, without compiling it anew."""
    return ids_for(user, visible_to)


def ids_present_for(user: User | AnonymousUser) -> Ids:
    """Return the ids of those of them that are not archived, without compiling it anew."""
    return ids_for(user, _present_for)


def _present_for(user: User) -> QuerySet[Account]:
    return visible_to(user).filter(archived_at=None)


def ids_operated_by(user: User) -> Ids:
    """Return the ids of `operated_accounts`, without compiling it anew."""
    return ids_for(user, operated_accounts)


def ids_of_tenures_of(user: User) -> Ids:
    """Return the ids of `tenures_of`, without compiling it anew."""
    return ids_for(user, tenures_of)


def ids_of_summed_tenures_of(user: User) -> Ids:
    """Return the ids of `summed_tenures_of`, without compiling it anew."""
    return ids_for(user, summed_tenures_of)


def ids_closed_to(user: User) -> Ids:
    """Return the ids of `closed_organizations`, without compiling it anew."""
    return ids_for(user, closed_organizations)


def ids_for(user: User | AnonymousUser, build: Build) -> Ids:
    """Return the ids of what a function finds for somebody, without compiling it anew."""
    if not user.is_authenticated or not user.is_active:
        return _NONE
    for_nobody = _for_nobody(build)
    values = {n: user.pk if v == _NOBODY else v for n, v in for_nobody.values.items()}
    return Ids(for_nobody.text, values)


@cache
def _for_nobody(build: Build) -> Ids:
    return ids_of(build(User(pk=_NOBODY)), build.__name__.strip("_"))
