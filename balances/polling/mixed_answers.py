"""Answers that another account was given: each is asked for again before it is recorded.

A mix-up between Qredo and this program would show an account with the balances of another one. So
a changed answer is looked up among the recent answers of all other accounts. Two keys of one Qredo
account answer the same all the time; they are known by the answer before, which both gave as well.
An answer without any asset is common and tells nothing.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, permutations
from uuid import UUID

from django.db import DatabaseError

import qredo
from balances.core import sql
from balances.core.outages import is_away
from balances.ledger.schedules import uids_of
from balances.polling.results import Failure, Result

log = logging.getLogger(__name__)

#: Accounts that were asked within so many of their intervals, and at least within this time.
INTERVALS, LATELY = 6, timedelta(hours=1)
#: So many of their newest different answers are looked at; of those, to know a pair, so many.
NEWEST, KNOWN_BY = 4, 20

UNCONFIRMED = "The answer could not be confirmed"
DIFFERENT = Failure(
    "upstream_error",
    f"{UNCONFIRMED}: asked again on a connection of its own, Qredo answered differently. Nothing "
    "was recorded, and the balances before stay. It is tried again.",
    permanent=False,
)

UNCHECKED = Failure(
    "bad_request",
    "The answer could not be compared with those of other accounts. Nothing was recorded, and the"
    " balances before stay. It is tried again; see the log if it lasts.",
    permanent=False,
)

#: Stands for an account that is not stored yet.
_NEW = 0

# Few accounts of a chunk changed, mostly none: what did not is found by its primary key alone. An
# answer before in which nothing was held says nothing about a pair.
_CHANGED = """
SELECT n.account_id, n.digest,
    CASE WHEN EXISTS (SELECT FROM balances_holding h
        WHERE h.account_id = n.account_id AND h.total > 0) THEN s.digest END,
    EXISTS (SELECT FROM balances_payload p WHERE p.digest = n.digest)
FROM unnest(%s::bigint[], %s::bytea[]) AS n(account_id, digest)
LEFT JOIN balances_schedule s ON s.account_id = n.account_id
WHERE s.digest IS DISTINCT FROM n.digest
"""

# Joined by equality alone, so that five thousand schedules are read once however many changed.
_GIVEN = """
WITH changed AS MATERIALIZED (
    SELECT * FROM unnest(%(accounts)s::bigint[], %(digests)s::bytea[], %(before)s::bytea[])
        AS n(account_id, digest, before)
), recent AS MATERIALIZED (
    SELECT account_id, digest FROM balances_schedule
    WHERE last_attempt_at > coalesce(%(now)s::timestamptz, clock_timestamp())
        - greatest(%(lately)s, make_interval(secs => %(intervals)s * interval_seconds))
), given AS (
    SELECT c.account_id, c.before, r.account_id AS other, r.digest AS newest
    FROM changed c JOIN recent r ON r.digest = c.digest
    {stored}
)
SELECT account_id, other, before IS NOT NULL AND (newest = before OR EXISTS (
    SELECT FROM (
        SELECT payload_id FROM balances_snapshot WHERE account_id = other
        ORDER BY observed_at DESC LIMIT %(known_by)s
    ) known WHERE payload_id = before))
FROM given WHERE other <> account_id
"""

# Only where some snapshot has these very bytes: a look-up an account.
_STORED = """
    UNION SELECT c.account_id, c.before, r.account_id, r.digest
    FROM recent r CROSS JOIN LATERAL (
        SELECT payload_id FROM balances_snapshot WHERE account_id = r.account_id
        ORDER BY observed_at DESC LIMIT %(newest)s
    ) s JOIN changed c ON c.digest = s.payload_id
"""


@dataclass(frozen=True, slots=True)
class _Changed:
    """An answer that is not the account's newest one; `before` is that one if it held anything."""

    account_id: int
    digest: bytes
    before: bytes | None
    is_stored: bool


#: Which other account gave an answer, and whether both gave the answer before it as well.
_Other = tuple[int, bool]


def doubtful(
    results: Iterable[Result], *, now: datetime | None = None
) -> dict[int, tuple[UUID, ...]]:
    """Return, by account, who else was given its changed answer lately, unless they are a pair.

    `results` are of one chunk; two of them that changed to the same bytes count as well. `now`
    stands for PostgreSQL's clock.
    """
    answers = {result.account_id: result.answer for result in results if result.answer is not None}
    return _named(_unknown_pairs(answers, now))


def compared(
    results: Sequence[Result], *, now: datetime | None = None
) -> tuple[list[Result], dict[int, tuple[UUID, ...]]]:
    """Return the results, and who else was given which of them, as `doubtful` tells it.

    What cannot be compared has failed and takes no other result along.
    """
    try:
        return list(results), doubtful(results, now=now)
    except DatabaseError as error:
        _tell(error)
    found: dict[int, tuple[UUID, ...]] = {}
    kept: list[Result] = []
    for group in _of_same_bytes(results):
        try:
            found |= doubtful(group, now=now)
        except DatabaseError as error:
            _tell(error)
            kept += [replace(result, outcome=UNCHECKED) for result in group]
        else:
            kept += group
    return kept, found


def _of_same_bytes(results: Iterable[Result]) -> Iterable[list[Result]]:
    """Return results in groups that have to be compared together: those with the same answer."""
    groups: dict[object, list[Result]] = defaultdict(list)
    for result in results:
        groups[result.token if result.answer is None else result.answer.digest].append(result)
    return groups.values()


def _tell(error: DatabaseError) -> None:
    """Log what a statement failed by; while the database is away nothing is recorded either."""
    if is_away(error):
        raise error
    log.error("answers could not be compared: %s", type(error).__name__)


def givers(answer: qredo.BalanceAnswer) -> tuple[UUID, ...]:
    """Return which accounts were given lately what a key answers that is not stored yet."""
    return _named(_unknown_pairs({_NEW: answer}, None)).get(_NEW, ())


def confirms(second: qredo.BalanceAnswer, first: qredo.BalanceAnswer) -> bool:
    """Whether an answer says the same as the one before it, be it in other words."""
    return second.digest == first.digest or second.balances.assets == first.balances.assets


def _unknown_pairs(
    answers: Mapping[int, qredo.BalanceAnswer], now: datetime | None
) -> dict[int, set[int]]:
    telling = {pk: one.digest for pk, one in answers.items() if one.balances.assets}
    changed = _changed(telling)
    found: dict[int, list[_Other]] = defaultdict(list)
    for account_id, other in chain(_given(changed, now) if changed else (), _within(changed)):
        found[account_id].append(other)
    # Whoever is known to answer the same explains the answer.
    return {
        pk: {other for other, _ in others}
        for pk, others in found.items()
        if not any(is_pair for _, is_pair in others)
    }


def _changed(digests: Mapping[int, bytes]) -> list[_Changed]:
    if not digests:
        return []
    rows = sql.rows(_CHANGED, [list(digests), list(digests.values())])
    return [
        _Changed(pk, bytes(digest), None if before is None else bytes(before), is_stored)
        for pk, digest, before, is_stored in rows
    ]


def _given(changed: Sequence[_Changed], now: datetime | None) -> Iterable[tuple[int, _Other]]:
    """Yield the accounts whose changed answers others gave lately, each with such another one."""
    statement = _GIVEN.format(stored=_STORED if any(one.is_stored for one in changed) else "")
    values = {
        "accounts": [one.account_id for one in changed],
        "digests": [one.digest for one in changed],
        "before": [one.before for one in changed],
        "now": now,
        "lately": LATELY,
        "intervals": INTERVALS,
        "newest": NEWEST,
        "known_by": KNOWN_BY,
    }
    for account_id, other, is_pair in sql.rows(statement, values):
        yield account_id, (other, is_pair)


def _within(changed: Iterable[_Changed]) -> Iterable[tuple[int, _Other]]:
    """Yield the accounts that changed to the same bytes at once, each with the others."""
    same: dict[bytes, list[_Changed]] = defaultdict(list)
    for one in changed:
        same[one.digest].append(one)
    for group in same.values():
        for one, other in permutations(group, 2):
            is_pair = one.before is not None and one.before == other.before
            yield one.account_id, (other.account_id, is_pair)


def _named(found: Mapping[int, set[int]]) -> dict[int, tuple[UUID, ...]]:
    if not found:
        return {}
    uids = uids_of(sorted(set().union(*found.values())))
    return {pk: tuple(uids[other] for other in sorted(others)) for pk, others in found.items()}
