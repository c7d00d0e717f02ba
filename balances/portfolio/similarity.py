"""Likeness: accounts that changed to the same amounts at the same times are probably one.

Of two accounts' newest answers at least three are common to both: different ones, each of which
brought some amount that is not zero and was given first by the two within two intervals of each
other. And they are alike now, or one of them changed since the other was asked. Neither accounts
that hold nothing nor those that hold the same for ever change together like that; an answer that
more than a few accounts give tells nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import combinations

from accounts.access.compiled import Ids
from balances.core import sql
from balances.models import Holding

#: So many of an account's newest snapshots are compared.
NEWEST = 20
#: So many different answers in common are no chance any more.
SEVERAL = 3
#: An answer that more accounts give is a common one.
MOST_ALIKE = 5

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that some other account gave too, when it was given newly for the last time."""

    account_id: int
    digest: bytes
    at: datetime
    near: timedelta
    is_newest: bool
    newest_at: datetime
    looked_at: datetime

    def is_at_the_time_of(self, other: "Answer") -> bool:
        """Whether two accounts gave it first within the time in which both were asked."""
        return abs(self.at - other.at) <= max(self.near, other.near)

    def may_agree_now_with(self, other: "Answer") -> bool:
        """Whether both hold this now, or one has changed where the other was not asked since."""
        unasked = self.newest_at > other.looked_at or other.newest_at > self.looked_at
        return (self.is_newest and other.is_newest) or unasked


#: An answer that several accounts of one environment gave: where, by whom, which one, when it was
#: given newly for the last time, and when that account's newest one was.
Common = tuple[str, bool, int, bytes, datetime, datetime]

# Counted by windows, never joined with itself: a planner guesses nothing of common answers, and
# such a join may take minutes.
_COMMON = """
SELECT environment, is_demo, account_id, digest, at, newest_at
FROM (
    SELECT *, count(*) OVER (PARTITION BY environment, is_demo, digest) AS accounts,
        max(at) OVER (PARTITION BY account_id) AS newest_at
    FROM (
        SELECT a.environment, a.is_demo, a.id AS account_id, s.digest, max(s.observed_at) AS at
        FROM unnest(%(accounts)s::bigint[], %(began)s::timestamptz[]) AS own(id, began)
        JOIN accounts_account a ON a.id = own.id
        CROSS JOIN LATERAL (
            SELECT payload_id AS digest, observed_at FROM balances_snapshot
            WHERE account_id = own.id AND observed_at >= own.began
            ORDER BY observed_at DESC LIMIT %(newest)s
        ) s
        GROUP BY a.id, s.digest
    ) once
) counted WHERE accounts BETWEEN 2 AND %(most_alike)s
"""

# What common answers follow from. Snapshots are only ever added, each with a link of its chain; of
# tenures it is those that the reader sees.
_WRITTEN = """
SELECT sum(c.snapshot_count)::bigint,
    bit_xor(hash_record_extended(ROW(a.id, a.environment, a.is_demo, c.snapshot_chain), 0)),
    (SELECT bit_xor(hash_record_extended(ROW(id, account_id, began_at, ended_at), 0))
    FROM accounts_tenure
    WHERE id IN ({tenures}) AND account_id = ANY(%(accounts)s::bigint[]))
FROM accounts_account a JOIN balances_schedule c ON c.account_id = a.id
WHERE a.id = ANY(%(accounts)s::bigint[])
"""

_ASKED = """
SELECT account_id, make_interval(secs => 2 * coalesce(base_interval_seconds, interval_seconds)),
    observed_at
FROM balances_schedule WHERE account_id = ANY(%s)
"""

_BROUGHT = """
SELECT DISTINCT n.digest FROM unnest(%s::bigint[], %s::bytea[], %s::timestamptz[])
    AS n(account_id, digest, at)
JOIN balances_holding h ON h.account_id = n.account_id
JOIN balances_change c ON c.holding_id = h.id AND c.valid_from = n.at
WHERE c.total > 0
"""


@dataclass(frozen=True, slots=True)
class Looked:
    """Accounts that are compared, the tenures by which, and from when on each is looked at.

    The last is only asked where it decides.
    """

    accounts: str
    tenures: Ids
    own: Callable[[], Mapping[int, datetime]]


def pairs(of: Looked) -> list[Pair]:
    """Return the pairs of accounts that are alike, each looked at from an instant of its own on."""
    common: dict[Pair, set[bytes]] = defaultdict(set)
    agreeing: set[Pair] = set()
    answers = _answers(of)
    for one, other in _couples(answers):
        pair = one.account_id, other.account_id
        if one.is_at_the_time_of(other):
            common[pair].add(one.digest)
        if one.may_agree_now_with(other):
            agreeing.add(pair)
    return _telling({pair: common[pair] for pair in sorted(agreeing & common.keys())}, answers)


def _answers(of: Looked) -> list[list[Answer]]:
    """Return the answers that several accounts of one environment gave, together."""
    common = _common(_Written.now(of))
    if not common:
        return []
    asked = {i: rest for i, *rest in sql.rows(_ASKED, [sql.ids(one[2] for one in common)])}
    found: dict[tuple[str, bool, bytes], list[Answer]] = defaultdict(list)
    for environment, is_demo, account_id, digest, at, newest_at in common:
        near, looked_at = asked[account_id]
        answer = Answer(account_id, digest, at, near, at == newest_at, newest_at, looked_at)
        found[environment, is_demo, digest].append(answer)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Written:
    """What common answers of accounts follow from; where it is the same, they are."""

    accounts: str
    state: tuple[int, ...]
    own: Callable[[], Mapping[int, datetime]] = field(compare=False)

    @classmethod
    def now(cls, of: Looked) -> "_Written":
        values = {**of.tenures.values, "accounts": of.accounts}
        (state,) = sql.rows(_WRITTEN.format(tenures=of.tenures.text), values)
        return cls(of.accounts, state, of.own)


@lru_cache(maxsize=16)
def _common(of: _Written) -> list[Common]:
    """Return the common answers of these very accounts; kept until one of them has a new one."""
    own = of.own()
    values = {
        "accounts": sql.ids(own),
        "began": sql.instants(own.values()),
        "newest": NEWEST,
        "most_alike": MOST_ALIKE,
    }
    return [(*row[:3], bytes(row[3]), *row[4:]) for row in sql.rows(_COMMON, values)]


def _couples(answers: Iterable[list[Answer]]) -> Iterator[tuple[Answer, Answer]]:
    for same in answers:
        yield from combinations(sorted(same, key=lambda one: one.account_id), 2)


def _telling(common: Mapping[Pair, set[bytes]], answers: Iterable[list[Answer]]) -> list[Pair]:
    """Return the pairs that have enough in common, apart from what says nothing."""
    enough = {pair: digests for pair, digests in common.items() if len(digests) >= SEVERAL}
    if not enough:
        return []
    brought, holding = _brought(set().union(*enough.values()), answers), _holding(enough)
    return [
        pair
        for pair, digests in enough.items()
        if len(digests & brought) >= SEVERAL and holding.issuperset(pair)
    ]


def _brought(digests: set[bytes], answers: Iterable[list[Answer]]) -> set[bytes]:
    """Return those of the answers that brought some amount that is not zero."""
    asked = [one for same in answers for one in same if one.digest in digests]
    columns = ([getattr(one, name) for one in asked] for name in ("account_id", "digest", "at"))
    return {bytes(digest) for (digest,) in sql.rows(_BROUGHT, list(columns))}


def _holding(pairs: Iterable[Pair]) -> set[int]:
    """Return the accounts that hold anything now."""
    ids = {i for pair in pairs for i in pair}
    held = Holding.objects.filter(account__in=ids, total__gt=0)
    return set(held.values_list("account_id", flat=True).distinct())
