"""Claiming: who works off which slot. The claim, not the broker, is the ledger.

An account has at most one open claim: a slot (or a refresh), a token, a time until which it holds.
Results are only written by whoever has the token. Slots that nobody claimed in time and claims that
nobody finished are booked as missed, so that due = fresh + failed + missed at every moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from balances.core import sql
from balances.ledger import schedules
from balances.polling import announcements
from balances.polling.pacing import admission, circuit_breaker, environments, rate_limits
from balances.polling.pacing.admission import Gate

#: A claim holds at most this long; far longer than a chunk may take (see settings).
LONGEST_CLAIM = timedelta(seconds=120)

#: Why a slot was missed.
UNFINISHED, PAUSED = "unfinished", "paused"


#: How long a claim for a refresh holds.
REFRESH_HOLD = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write one poll's result."""

    account_id: int
    token: UUID


# Serves the tick. Every schedule is read: five thousand rows are quicker than an index that each
# claim would have to maintain. `old` and `new` are PostgreSQL 18's. Slots are reckoned from `due`:
# the rows as locked, which may be newer than the statement's own view of the table.
# Who was not asked for longest comes first, so that nobody starves where not all can be asked.
_CLAIM = f"""
WITH due AS (
    SELECT s.account_id, s.interval_seconds, s.next_slot
    FROM balances_schedule s JOIN accounts_account a ON a.id = s.account_id
    WHERE {admission.DUE} AND (%(only)s::bigint[] IS NULL OR s.account_id = ANY(%(only)s))
      AND (%(environment)s::text IS NULL
           OR a.environment = %(environment)s AND a.is_demo = %(is_demo)s)
    ORDER BY s.last_attempt_at NULLS FIRST, s.next_slot
    LIMIT %(limit)s FOR UPDATE OF s SKIP LOCKED
), slot AS (
    SELECT account_id, next_slot + make_interval(secs => interval_seconds
        * floor(extract(epoch FROM %(now)s - next_slot) / interval_seconds)::double precision)
        AS newest
    FROM due
)
UPDATE balances_schedule s SET
    claim_slot = slot.newest, claim_token = gen_random_uuid(),
    claimed_at = %(now)s,
    claim_until = %(now)s + least(%(longest)s, make_interval(secs => s.interval_seconds * 0.8)),
    next_slot = slot.newest + make_interval(secs => s.interval_seconds)
FROM slot WHERE s.account_id = slot.account_id
RETURNING s.account_id, new.claim_token, old.next_slot, new.claim_slot
"""  # noqa: S608 - fixed text


# Those that wait for the limits, oldest first, as slots do; a single refresh has its own message.
_CLAIM_ASKED = """
WITH asked AS (
    SELECT r.id, r.account_id FROM balances_refresh r
    JOIN balances_schedule s ON s.account_id = r.account_id
    JOIN accounts_account a ON a.id = r.account_id
    WHERE r.finished_at IS NULL AND r.waits
      AND s.claim_token IS NULL AND s.next_slot IS NOT NULL
      AND coalesce(s.not_before <= %(now)s, true)
      AND (%(only)s::bigint[] IS NULL OR s.account_id = ANY(%(only)s))
      AND a.environment = %(environment)s AND a.is_demo = %(is_demo)s
    ORDER BY r.id LIMIT %(limit)s FOR UPDATE OF s SKIP LOCKED
)
UPDATE balances_schedule s SET claim_refresh = asked.id, claim_token = gen_random_uuid(),
    claimed_at = %(now)s, claim_until = %(now)s + %(hold)s
FROM asked WHERE s.account_id = asked.account_id RETURNING s.account_id, s.claim_token
"""


def claim_due(
    *, limit: int, now: datetime | None = None, only: Sequence[int] | None = None
) -> list[Claim]:
    """Claim the newest slot of every account that is due and that its environment's limits allow.

    Older slots are booked as missed. `now` stands for PostgreSQL's clock, `only` for the accounts
    looked at.
    """
    claimed: list[Claim] = []
    with transaction.atomic():
        instant = now or schedules.clock()
        values = {"now": instant, "only": None if only is None else list(only)}
        opened = admission.lock(instant, longest=LONGEST_CLAIM)
        for gate in opened:
            few = min(gate.allowed, limit - len(claimed))
            asked = _claim_asked(values, few if not gate.due else (few + 1) // 2, gate)
            claimed += asked
            few -= len(asked)
            found = _claim(values, few, gate) if gate.due and few else []
            gate.took(len(found), of=few)
            gate.pass_over()
            claimed += found
        admission.save(opened)
    return claimed


def _claim_asked(values: dict[str, Any], limit: int, gate: Gate) -> list[Claim]:
    """Claim accounts for refreshes of many: at most half of what is allowed while slots are due."""
    if not limit:
        return []
    environment, is_demo = gate.upstream.key
    bounds = {"limit": limit, "environment": environment, "is_demo": is_demo}
    found = sql.rows(_CLAIM_ASKED, {**values, **bounds, "hold": REFRESH_HOLD})
    gate.upstream.tokens -= len(found)
    if found:
        circuit_breaker.probed(gate.upstream, gate.now)
    return [Claim(account_id, token) for account_id, token in found]


def claim_past(now: datetime, only: Sequence[int]) -> list[Claim]:
    """Claim slots of long ago, which the simulator answers: no limit of the present is touched."""
    with transaction.atomic():
        return _claim({"now": now, "only": list(only)}, len(only), None)


def _claim(values: dict[str, Any], limit: int, gate: Gate | None) -> list[Claim]:
    environment, is_demo = gate.upstream.key if gate else (None, None)
    bounds = {"limit": limit, "environment": environment, "is_demo": is_demo}
    claimed = sql.rows(_CLAIM, {**values, **bounds, "longest": LONGEST_CLAIM})
    _book_unclaimed({row[0]: row[2] for row in claimed if row[2] < row[3]}, gate)
    return [Claim(account_id, token) for account_id, token, _, _ in claimed]


def _book_unclaimed(first_slots: dict[int, datetime], gate: Gate | None) -> None:
    entries = schedules.lock(list(first_slots)) if first_slots else {}
    for account_id, entry in entries.items():
        first = first_slots[account_id]
        assert entry.claim_slot is not None  # noqa: S101 - claimed in this transaction
        slots = (entry.claim_slot - first) // entry.interval
        if gate is None:
            entry.book_missed(first, slots, admission.UNCLAIMED)
        else:
            gate.book_unclaimed(entry, first, slots)
    schedules.save(entries.values())


def reap(now: datetime | None = None) -> int:
    """End claims that nobody finished in time; return how many."""
    with transaction.atomic():
        expired = sql.rows(
            "SELECT account_id FROM balances_schedule WHERE claim_until < %s"
            " ORDER BY account_id FOR UPDATE SKIP LOCKED",
            [now or schedules.clock()],
        )
        entries = schedules.lock([row[0] for row in expired])
        refreshes = [e.claim_refresh for e in entries.values() if e.claim_refresh is not None]
        slots = [e.account_id for e in entries.values() if e.claim_slot is not None]
        for entry in entries.values():
            entry.miss_claim(UNFINISHED)
        schedules.save(entries.values())
        _miss_refreshes(refreshes)
        _tell_unfinished(slots, now or schedules.clock())
        announcements.refreshes_unfinished(len(refreshes))
    return len(entries)


def _tell_unfinished(account_ids: list[int], now: datetime) -> None:
    if not account_ids:
        return
    found = sql.rows(
        "SELECT environment, is_demo, count(*) FROM accounts_account WHERE id = ANY(%s)"
        " GROUP BY 1, 2",
        [account_ids],
    )
    claims = {(environment, is_demo): number for environment, is_demo, number in found}
    locked = environments.lock(claims)
    for upstream in locked:
        announcements.slots_missed(upstream, {UNFINISHED: claims[upstream.key]}, now)
    environments.save(locked)


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
        entries = schedules.lock(list(tokens))
        held = [e for e in entries.values() if e.claim_token == tokens[e.account_id]]
        for entry in held:
            if entry.claim_slot is not None:
                entry.next_slot = entry.claim_slot
            entry.release()
        schedules.save(held)


def give_back_all() -> None:
    """Release every claimed slot. For who knows that nobody works any more."""
    rows = sql.rows(
        "SELECT account_id, claim_token FROM balances_schedule WHERE claim_slot IS NOT NULL"
    )
    give_back([Claim(account_id, token) for account_id, token in rows])


def claim_refresh(account_id: int, refresh_id: int, *, hold: timedelta) -> Claim | None:
    """Claim an account for a refresh; `None` while it is being polled, paused or archived."""
    token, now = uuid4(), schedules.clock()
    claimed = sql.count(
        "UPDATE balances_schedule SET claim_token = %s, claim_refresh = %s,"
        " claimed_at = %s, claim_until = %s"
        " WHERE account_id = %s AND claim_token IS NULL AND next_slot IS NOT NULL",
        [token, refresh_id, now, now + min(hold, LONGEST_CLAIM), account_id],
    )
    if not claimed:
        return None
    rate_limits.debit(account_id)
    return Claim(account_id, token)
