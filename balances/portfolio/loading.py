"""Accounts of today with what a list shows of them, by one statement and without the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.db.models.base import ModelState

from accounts.access.compiled import Ids
from accounts.models import Account, Organization, User
from balances.core import sql
from balances.history.observations import usual_of_newest
from balances.history.status import Polled


@dataclass(frozen=True, slots=True)
class Loaded:
    """An account, whose it is, what polls it, whether it counts for its reader, and its tags.

    `is_told_of`: something was said of what one of its keys sees (see `wholeness`).
    """

    account: Account
    owner: User | Organization
    schedule: Polled | None
    is_counted: bool
    is_told_of: bool
    tags: tuple[str, ...]


def _columns(model: type[Model], *shown: str) -> tuple[str, ...]:
    """Return the columns of a model that are shown, in the order in which it takes their values."""
    fields = model._meta.concrete_fields  # noqa: SLF001 - documented
    return tuple(one.attname for one in fields if not shown or one.attname in shown)


_ACCOUNT = _columns(Account)
_ORGANIZATION = _columns(Organization, "id", "uid", "name")
_PERSON = _columns(User, "id", "name", "email")


def _parts(*columns: tuple[str, ...]) -> Iterator[slice]:
    start = 0
    for one in columns:
        yield slice(start, start := start + len(one))


def _listed(table: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{table}.{name}{'::text' if name == 'uid' else ''}" for name in columns)


_SCHEDULE = Polled._fields[:-1]
_PARTS = tuple(_parts(_ACCOUNT, Polled._fields, _ORGANIZATION, _PERSON))
_LOADED = f"""
WITH seen AS MATERIALIZED (SELECT * FROM accounts_account WHERE id IN ({{accounts}}))
SELECT {_listed("a", _ACCOUNT)}, {_listed("s", _SCHEDULE)}, {usual_of_newest("s")},
    {_listed("o", _ORGANIZATION)}, {_listed("p", _PERSON)},
    EXISTS (SELECT FROM accounts_tenure t
        WHERE t.account_id = a.id AND t.ended_at IS NULL AND NOT t.is_counted)
    OR (a.owner_id IS NOT NULL AND a.owner_id <> %(reader)s AND NOT EXISTS (
        SELECT FROM accounts_share t WHERE t.account_id = a.id AND t.owner_id = a.owner_id
            AND t.user_id = %(reader)s AND t.is_counted)),
    a.id IN (SELECT account_id FROM accounts_extent UNION ALL
        SELECT account_id FROM balances_snapshot WHERE 'left_out' = ANY(flags)),
    ARRAY(SELECT name FROM accounts_tag t WHERE t.account_id = a.id ORDER BY lower(name))
FROM seen a LEFT JOIN balances_schedule s ON s.account_id = a.id
    LEFT JOIN accounts_organization o ON o.id = a.organization_id
    LEFT JOIN accounts_user p ON p.id = a.owner_id
"""  # noqa: S608 - fixed names


def loaded(reader: User, accounts: Ids) -> Iterator[Loaded]:
    """Load accounts for somebody who may see them, in no order."""
    owners: dict[tuple[str, int], User | Organization] = {}
    values = {**accounts.values, "reader": reader.pk}
    for row in sql.rows(_LOADED.format(accounts=accounts.text), values):
        one, polled, fund, person = (row[part] for part in _PARTS)
        owner = _owner(owners, fund, person)
        schedule = None if polled[0] is None else Polled._make(polled)
        is_left_out, is_told_of, tags = row[-3:]
        yield Loaded(_account(one), owner, schedule, not is_left_out, is_told_of, tuple(tags))


def _account(values: tuple[Any, ...]) -> Account:
    """Return an account as it is copied and unpickled: Django's way takes four times as long."""
    one: Account = Account.__new__(Account)
    one.__dict__.update(zip(_ACCOUNT, values, strict=True))
    one.__dict__["uid"] = _uid(one.__dict__["uid"])
    one._state = ModelState()  # noqa: SLF001 - documented
    one._state.adding, one._state.db = False, "default"  # noqa: SLF001
    return one


#: Uids come as text, and are read as numbers once: that takes longer than all else of an account.
_uid = lru_cache(maxsize=10_000)(UUID)


def _owner(
    known: dict[tuple[str, int], User | Organization], fund: Any, person: Any
) -> User | Organization:
    # One object for all that is theirs.
    key = ("person", person[0]) if fund[0] is None else ("organization", fund[0])
    if key not in known:
        known[key] = _person_or_fund(fund, person)
    return known[key]


def _person_or_fund(fund: Any, person: Any) -> User | Organization:
    found: User | Organization
    if fund[0] is None:
        found = User.from_db("default", _PERSON, person)
    else:
        pk, uid, name = fund
        found = Organization.from_db("default", _ORGANIZATION, (pk, _uid(uid), name))
    return found
