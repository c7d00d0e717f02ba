"""Overlaps: accounts whose keys answer for the same Qredo account, so that totals have it twice.

Certain where Qredo told it of the active keys, probable where they are alike (see `likeness`). Only
a reader's accounts are compared, and only by what was observed in the reader's time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from accounts.compiled import ids_of_tenures_of
from accounts.models import Account, User
from balances import likeness, sql
from balances.likeness import Looked, Pair
from balances.scopes import Scope


@dataclass(frozen=True, slots=True)
class Overlap:
    """Accounts that answer for the same Qredo account, oldest first; else it seems so."""

    accounts: tuple[Account, ...]
    is_certain: bool


def among(user: User, accounts: Iterable[Account]) -> list[Overlap]:
    """Return the overlaps among accounts that somebody sees."""
    by_id = {account.id: account for account in accounts}
    told = _told(list(by_id))
    certain = list(_groups(_same(by_id, told)))
    # Of two that told both, Qredo knows better.
    probable = [p for p in _probable(user, list(by_id)) if not told.keys() >= set(p)]
    return [
        Overlap(tuple(by_id[i] for i in ids), is_certain)
        for groups, is_certain in ((certain, True), (list(_groups(probable)), False))
        for ids in groups
    ]


_TOLD = """
SELECT account_id, qredo_account FROM accounts_apikey
WHERE account_id = ANY(%s) AND replaced_at IS NULL AND qredo_account <> ''
"""


def _told(account_ids: list[int]) -> dict[int, str]:
    """Return, by account, what its active key answers for, where Qredo told."""
    return dict(sql.rows(_TOLD, [sql.ids(account_ids)]))


def _same(by_id: dict[int, Account], told: dict[int, str]) -> list[Pair]:
    places: dict[tuple[str, bool, str], list[int]] = {}
    for i, name in sorted(told.items()):
        places.setdefault((by_id[i].environment, by_id[i].is_demo, name), []).append(i)
    return [pair for ids in places.values() for pair in pairwise(ids)]


def _probable(user: User, account_ids: list[int]) -> list[Pair]:
    def own() -> dict[int, datetime]:
        spans = Scope(user, only=frozenset(account_ids)).spans()
        return {i: stays[-1][0] for i, stays in spans.items()}

    return likeness.pairs(Looked(sql.ids(account_ids), ids_of_tenures_of(user), own))


def _groups(pairs: Sequence[Pair]) -> Iterator[list[int]]:
    """Put together what hangs together by pairs."""
    groups: list[set[int]] = []
    for pair in pairs:
        touched = [group for group in groups if not group.isdisjoint(pair)]
        groups = [group for group in groups if group not in touched]
        groups.append(set(pair).union(*touched))
    return (sorted(group) for group in groups)
