"""Overlaps: accounts whose keys answer for the same Qredo account, so that totals have it twice.

Certain where Qredo told it of the active keys. Otherwise probable, of two accounts that are alike
now and have at least three of their newest answers in common: different ones, each of which brought
some amount that is not zero and was given first by the two within two intervals of each other.
Neither accounts that hold nothing nor those that hold the same for ever change together like that;
an answer that more than a few accounts give tells nothing. Only a reader's accounts are compared,
and only by what was observed in the reader's time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from accounts.access import spans_of
from accounts.models import Account, ApiKey, User
from balances import sql

#: So many of an account's newest snapshots are compared.
NEWEST = 20
#: So many different answers in common are no chance any more.
SEVERAL = 3
#: An answer that more accounts give is a common one.
MOST_ALIKE = 10

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Accounts that answer for the same Qredo account, oldest first; else it seems so."""

    accounts: tuple[Account, ...]
    is_certain: bool


# `looked_at` is the newest fresh observation, whether or not it differed. Of two accounts that
# differ now, one may have changed where the other was not asked since.
_PROBABLE = """
WITH recent AS MATERIALIZED (
    SELECT a.id AS account_id, a.environment, a.is_demo, c.observed_at AS looked_at,
        make_interval(secs => 2 * coalesce(c.base_interval_seconds, c.interval_seconds)) AS near,
        s.id AS snapshot_id, s.payload_id AS digest, s.observed_at,
        s.observed_at = max(s.observed_at) OVER (PARTITION BY a.id) AS is_newest
    FROM unnest(%(accounts)s::bigint[], %(began)s::timestamptz[]) AS own(id, began)
    JOIN accounts_account a ON a.id = own.id JOIN balances_schedule c ON c.account_id = a.id
    CROSS JOIN LATERAL (
        SELECT id, payload_id, observed_at FROM balances_snapshot
        WHERE account_id = own.id AND observed_at >= own.began
        ORDER BY observed_at DESC LIMIT %(newest)s
    ) s
), telling AS MATERIALIZED (
    SELECT r.* FROM recent r JOIN (
        SELECT environment, is_demo, digest FROM recent GROUP BY 1, 2, 3
        HAVING count(DISTINCT account_id) BETWEEN 2 AND %(most_alike)s
    ) alike USING (environment, is_demo, digest)
    WHERE EXISTS (
        SELECT FROM balances_holding h JOIN balances_change c ON c.holding_id = h.id
        WHERE h.account_id = r.account_id AND c.valid_from = r.observed_at AND c.total > 0)
), alike AS (
    SELECT one.account_id AS one, other.account_id AS other
    FROM telling one JOIN telling other USING (environment, is_demo, digest)
    WHERE one.account_id < other.account_id
        AND one.observed_at - other.observed_at <= greatest(one.near, other.near)
        AND other.observed_at - one.observed_at <= greatest(one.near, other.near)
    GROUP BY 1, 2 HAVING count(DISTINCT digest) >= %(several)s
)
SELECT alike.one, alike.other FROM alike
JOIN recent a ON a.account_id = alike.one AND a.is_newest
JOIN recent b ON b.account_id = alike.other AND b.is_newest
WHERE (a.digest = b.digest OR a.observed_at > b.looked_at OR b.observed_at > a.looked_at)
    AND EXISTS (SELECT FROM balances_holding WHERE account_id = alike.one AND total > 0)
ORDER BY 1, 2
"""


def among(user: User, accounts: Iterable[Account]) -> list[Overlap]:
    """Return the overlaps among accounts that somebody sees."""
    by_id = {account.pk: account for account in accounts}
    told = _told(list(by_id))
    certain = list(_groups(_same(by_id, told)))
    # Of two that told both, Qredo knows better.
    probable = [p for p in _probable(user, list(by_id)) if not told.keys() >= set(p)]
    return [
        Overlap(tuple(by_id[i] for i in ids), is_certain)
        for groups, is_certain in ((certain, True), (list(_groups(probable)), False))
        for ids in groups
    ]


def _told(account_ids: list[int]) -> dict[int, str]:
    """Return, by account, what its active key answers for, where Qredo told."""
    active = ApiKey.objects.filter(account__in=account_ids, replaced_at=None)
    return dict(active.exclude(qredo_account="").values_list("account_id", "qredo_account"))


def _same(by_id: dict[int, Account], told: dict[int, str]) -> list[Pair]:
    places: dict[tuple[str, bool, str], list[int]] = {}
    for i, name in sorted(told.items()):
        places.setdefault((by_id[i].environment, by_id[i].is_demo, name), []).append(i)
    return [pair for ids in places.values() for pair in pairwise(ids)]


def _probable(user: User, account_ids: list[int]) -> list[Pair]:
    own = {i: spans[-1][0] for i, spans in spans_of(user, account_ids).items()}
    if len(own) < 2:
        return []
    values = {
        "accounts": list(own),
        "began": list(own.values()),
        "newest": NEWEST,
        "several": SEVERAL,
        "most_alike": MOST_ALIKE,
    }
    return [(one, other) for one, other in sql.rows(_PROBABLE, values)]


def _groups(pairs: Sequence[Pair]) -> Iterator[list[int]]:
    """Put together what hangs together by pairs."""
    groups: list[set[int]] = []
    for pair in pairs:
        touched = [group for group in groups if not group.isdisjoint(pair)]
        groups = [group for group in groups if group not in touched]
        groups.append(set(pair).union(*touched))
    return (sorted(group) for group in groups)
