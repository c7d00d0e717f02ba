"""Claiming: who works off which slot. The claim, not the broker, is the ledger.

An account has at most one open claim: a slot (or a refresh), a token, a time until which it holds.
Results are only written by whoever has the token. Slots that nobody claimed in time and claims that
nobody finished are booked as missed, so that due = fresh + failed + missed at every moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction

from balances import ledger, sql

#: A claim holds at most this long; far longer than a chunk may take (see settings).
LONGEST_CLAIM = timedelta(seconds=120)

#: Why a slot was missed.
UNCLAIMED, UNFINISHED, PAUSED = "unclaimed", "unfinished", "paused"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write one poll's result."""

    account_id: int
    token: UUID


# Serves the tick. Every schedule is read: five thousand rows are quicker than an index that each
# claim would have to maintain. `old` and `new` are PostgreSQL 18's. Slots are reckoned from `due`:
# the rows as locked, which may be newer than the statement's own view of the table.
_CLAIM = """
WITH due AS (
    SELECT account_id, interval_seconds, next_slot FROM balances_schedule
    WHERE next_slot <= %(now)s AND claim_token IS NULL
      AND (not_before IS NULL OR not_before <= %(now)s)
      AND (%(only)s::bigint[] IS NULL OR account_id = ANY(%(only)s))
    ORDER BY greatest(next_slot, not_before) LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), slot AS (
    SELECT account_id, next_slot + make_interval(secs => interval_seconds
        * floor(extract(epoch FROM %(now)s - next_slot) / interval_seconds)::double precision)
        AS newest
    FROM due
)
UPDATE balances_schedule s SET
    claim_slot = slot.newest, claim_token = gen_random_uuid(),
    claim_until = %(now)s + least(%(longest)s, make_interval(secs => s.interval_seconds * 0.8)),
    next_slot = slot.newest + make_interval(secs => s.interval_seconds)
FROM slot WHERE s.account_id = slot.account_id
RETURNING s.account_id, new.claim_token, old.next_slot, new.claim_slot
"""


def claim_due(
    *, limit: int, now: datetime | None = None, only: Sequence[int] | None = None
) -> list[Claim]:
    """Claim the newest slot of every account that is due; book the older ones as missed.

    `now` stands for PostgreSQL's clock, `only` for the accounts looked at; the demo's past needs
    both.
    """
    with transaction.atomic():
        values = {
            "now": now or ledger.clock(),
            "limit": limit,
            "longest": LONGEST_CLAIM,
            "only": None if only is None else list(only),
        }
        claimed = sql.rows(_CLAIM, values)
        _book_unclaimed({row[0]: row[2] for row in claimed if row[2] < row[3]})
    return [Claim(account_id, token) for account_id, token, _, _ in claimed]


def _book_unclaimed(first_slots: dict[int, datetime]) -> None:
    if not first_slots:
        return
    entries = ledger.lock(list(first_slots))
    for account_id, entry in entries.items():
        first = first_slots[account_id]
        assert entry.claim_slot is not None  # noqa: S101 - claimed in this transaction
        entry.book_missed(first, (entry.claim_slot - first) // entry.interval, UNCLAIMED)
    ledger.save(entries.values())


def reap(now: datetime | None = None) -> int:
    """End claims that nobody finished in time; return how many."""
    with transaction.atomic():
        expired = sql.rows(
            "SELECT account_id FROM balances_schedule WHERE claim_until < %s"
            " ORDER BY account_id FOR UPDATE SKIP LOCKED",
            [now or ledger.clock()],
        )
        entries = ledger.lock([row[0] for row in expired])
        refreshes = [e.claim_refresh for e in entries.values() if e.claim_refresh is not None]
        for entry in entries.values():
            entry.miss_claim(UNFINISHED)
        ledger.save(entries.values())
        _miss_refreshes(refreshes)
    return len(entries)


def _miss_refreshes(refreshes: list[int]) -> None:
    sql.count(
        "UPDATE balances_refresh SET outcome = 'missed', reason = %s, finished_at ="
        " clock_timestamp() WHERE id = ANY(%s) AND finished_at IS NULL",
        [UNFINISHED, refreshes],
    )


def still_held(claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims whose token still stands."""
    standing = sql.rows(
        "SELECT s.account_id FROM balances_schedule s"
        " JOIN unnest(%s::bigint[], %s::uuid[]) AS c(account_id, token)"
        " ON s.account_id = c.account_id AND s.claim_token = c.token",
        [[c.account_id for c in claims], [c.token for c in claims]],
    )
    held = {row[0] for row in standing}
    return [claim for claim in claims if claim.account_id in held]


def give_back(claims: Sequence[Claim]) -> None:
    """Release slots that were not begun, so that the next tick claims them again."""
    if not claims:
        return
    tokens = {claim.account_id: claim.token for claim in claims}
    with transaction.atomic():
        entries = ledger.lock(list(tokens))
        held = [e for e in entries.values() if e.claim_token == tokens[e.account_id]]
        for entry in held:
            if entry.claim_slot is not None:
                entry.next_slot = entry.claim_slot
            entry.release()
        ledger.save(held)


def claim_refresh(account_id: int, refresh_id: int, *, hold: timedelta) -> Claim | None:
    """Claim an account for a refresh; `None` while it is being polled, paused or archived."""
    token = uuid4()
    claimed = sql.count(
        "UPDATE balances_schedule SET claim_token = %s, claim_refresh = %s,"
        " claim_until = clock_timestamp() + %s"
        " WHERE account_id = %s AND claim_token IS NULL AND next_slot IS NOT NULL",
        [token, refresh_id, min(hold, LONGEST_CLAIM), account_id],
    )
    return Claim(account_id, token) if claimed else None
