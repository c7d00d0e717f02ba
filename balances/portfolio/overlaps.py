"""Overlaps: accounts whose keys answer for the same Qredo account, so that totals have it twice.

Certain where the active keys have the same id, which is one key, or where Qredo told what they
answer for; probable where balances changed together (see `likeness`). Only a reader's accounts are
compared, and only by what was observed in the reader's time. Ids are compared exactly as Qredo
writes them, and within one environment of real or of demo accounts.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from accounts.access.compiled import ids_of_tenures_of
from accounts.models import Account, User
from balances.core import sql
from balances.portfolio import similarity
from balances.portfolio.scope import Scope
from balances.portfolio.similarity import Looked, Pair


@dataclass(frozen=True, slots=True)
class Overlap:
    """Accounts that answer for the same Qredo account, oldest first; else it seems so."""

    accounts: tuple[Account, ...]
    is_certain: bool


def among(user: User, accounts: Iterable[Account]) -> list[Overlap]:
    """Return the overlaps among accounts that somebody sees."""
    by_id = {account.id: account for account in accounts}
    keys = _keys(list(by_id))
    certain = _groups(_same(by_id, keys))
    group = {i: number for number, ids in enumerate(certain) for i in ids}
    told = {key.account_id for key in keys if key.qredo_account}
    probable = [
        (one, other)
        for one, other in _probable(user, list(by_id))
        # Of two that told both, Qredo knows better; what is certain is said once.
        if not told >= {one, other} and (one not in group or group[one] != group.get(other))
    ]
    return [
        Overlap(tuple(by_id[i] for i in ids), is_certain)
        for groups, is_certain in ((certain, True), (_groups(probable), False))
        for ids in groups
    ]


def accounts_with_key_of(account: Account) -> list[Account]:
    """Return all other accounts that certainly are the same: for operators, who see every one."""
    others = Account.objects.filter(
        environment=account.environment, is_demo=account.is_demo, archived_at=None
    )
    by_id = {one.pk: one for one in others}
    groups = _groups(_same(by_id, _keys(list(by_id))))
    same = next((ids for ids in groups if account.pk in ids), [])
    return [by_id[i] for i in same if i != account.pk]


@dataclass(frozen=True, slots=True)
class _Key:
    """An account's active key: its id, and what Qredo told that it answers for, if it did."""

    account_id: int
    key_id: str
    qredo_account: str


_KEYS = """
SELECT account_id, key_id, qredo_account FROM accounts_apikey
WHERE account_id = ANY(%s) AND replaced_at IS NULL ORDER BY account_id
"""


def _keys(account_ids: list[int]) -> list[_Key]:
    return [_Key(*row) for row in sql.rows(_KEYS, [sql.ids(account_ids)])]


def _same(by_id: dict[int, Account], keys: Iterable[_Key]) -> list[Pair]:
    """Return pairs that hang all accounts of one key id, or of one Qredo account, together."""
    places: dict[tuple[str, bool, str, str], list[int]] = defaultdict(list)
    for key in keys:
        account = by_id[key.account_id]
        place = account.environment, account.is_demo
        places[*place, "key", key.key_id].append(account.pk)
        if key.qredo_account:
            places[*place, "account", key.qredo_account].append(account.pk)
    return [pair for ids in places.values() for pair in pairwise(ids)]


def _probable(user: User, account_ids: list[int]) -> list[Pair]:
    def own() -> dict[int, datetime]:
        spans = Scope(user, only=frozenset(account_ids)).spans()
        return {i: stays[-1][0] for i, stays in spans.items()}

    return similarity.pairs(Looked(sql.ids(account_ids), ids_of_tenures_of(user), own))


def _groups(pairs: Iterable[Pair]) -> list[list[int]]:
    """Put together what hangs together by pairs: the oldest account first, groups by their first.

    The smaller group joins the larger one, so that a thousand accounts of one key are no work.
    """
    groups: dict[int, set[int]] = {}
    for one, other in pairs:
        larger, smaller = groups.setdefault(one, {one}), groups.setdefault(other, {other})
        if larger is smaller:
            continue
        if len(larger) < len(smaller):
            larger, smaller = smaller, larger
        larger |= smaller
        groups |= dict.fromkeys(smaller, larger)
    return sorted(sorted(group) for group in {id(one): one for one in groups.values()}.values())
