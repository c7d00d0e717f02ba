"""Gates: how many accounts of each environment may be claimed in one pass, and who has to wait.

A gate holds its environment's row, so that all workers together keep within its limits.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from balances.core import sql
from balances.ledger import schedules
from balances.ledger.runs import newest_slot
from balances.ledger.schedules import Entry
from balances.polling import announcements
from balances.polling.pacing import circuit_breaker, environments, rate_limits
from balances.polling.pacing.environments import Key, Upstream

#: Why a slot was missed: nobody looked, polls could not keep up, or Qredo was down for everybody.
UNCLAIMED, SHED, HELD_BACK = "unclaimed", "shed", "held_back"

#: After so many closed runs a pass leaves what else was overtaken to the next one: a month off
#: closes thirty an account, and a pass that outlasts its task's limit would commit nothing, ever.
MOST_CLOSED = 10_000

#: Who may be claimed. `not_before`: the next attempt's time, or what Qredo asked for.
DUE = "s.claim_token IS NULL AND s.next_slot <= %(now)s AND coalesce(s.not_before <= %(now)s, true)"

# A claim older than a chunk's deadline makes no requests any more: its chunk is over or was lost.
# Waiting for it to be reaped would keep everybody else waiting. The demo's loader claims neither.
_COUNTS = f"""
SELECT a.environment, a.is_demo, count(*) FILTER (WHERE {DUE}),
    count(*) FILTER (WHERE s.claim_slot IS NOT NULL AND s.claim_until - least(%(longest)s,
            make_interval(secs => s.interval_seconds * 0.8)) > %(now)s - %(deadline)s
        OR s.claim_refresh IS NOT NULL AND s.claim_until > %(now)s)
FROM balances_schedule s JOIN accounts_account a ON a.id = s.account_id GROUP BY 1, 2
"""  # noqa: S608 - fixed text

_OVERTAKEN = f"""
SELECT s.account_id FROM balances_schedule s JOIN accounts_account a ON a.id = s.account_id
WHERE {DUE} AND a.environment = %(environment)s AND a.is_demo = %(is_demo)s
  AND s.next_slot + make_interval(secs => s.interval_seconds) <= %(now)s
ORDER BY s.account_id FOR UPDATE OF s SKIP LOCKED
"""  # noqa: S608 - fixed text


@dataclass(slots=True)
class Gate:
    """One environment in one pass."""

    upstream: Upstream
    now: datetime
    due: int
    allowed: int
    #: Slots booked as missed in this pass, by reason.
    missed: Counter[str] = field(default_factory=Counter)

    def took(self, claims: int, *, of: int) -> None:
        """Take a token for each claim; note whether `of` as many as allowed left due accounts."""
        self.upstream.tokens -= claims
        if claims:
            circuit_breaker.probed(self.upstream, self.now)
        is_short = self.upstream.opened_at is None and of <= claims < self.due
        self.upstream.short_since = (self.upstream.short_since or self.now) if is_short else None

    def book_unclaimed(self, entry: Entry, first: datetime, slots: int) -> None:
        """Book slots from `first` on that newer ones have overtaken, each by why it had to wait."""
        since, reason = self._holdup()
        if since is None:
            self._book(entry, first, slots, UNCLAIMED)
            return
        before = min(slots, max(0, (since - first) // entry.interval))
        self._book(entry, first, before, UNCLAIMED)
        self._book(entry, first + entry.interval * before, slots - before, reason)

    def _book(self, entry: Entry, first: datetime, slots: int, reason: str) -> None:
        entry.book_missed(first, slots, reason)
        self.missed += Counter({reason: slots})

    def _holdup(self) -> tuple[datetime | None, str]:
        if self.upstream.opened_at is not None:
            return self.upstream.opened_at, HELD_BACK
        return self.upstream.short_since, SHED

    def pass_over(self) -> None:
        """Book what was overtaken while accounts had to wait, so that the gap shows at once."""
        since, _ = self._holdup()
        if since is None:
            return
        environment, is_demo = self.upstream.key
        values = {"now": self.now, "environment": environment, "is_demo": is_demo}
        closed, passed = 0, []
        for entry in schedules.lock([row[0] for row in sql.rows(_OVERTAKEN, values)]).values():
            if closed >= MOST_CLOSED:
                break
            self._pass_one(entry)
            closed += len(entry.closed)
            passed.append(entry)
        schedules.save(passed)

    def _pass_one(self, entry: Entry) -> None:
        assert entry.next_slot is not None  # noqa: S101 - it is due
        newest, skipped = newest_slot(entry.next_slot, self.now, entry.interval_seconds)
        self.book_unclaimed(entry, entry.next_slot, skipped)
        entry.next_slot = newest


def lock(now: datetime, *, longest: timedelta) -> list[Gate]:
    """Return the gates of the environments in which something is due. `longest` bounds a claim."""
    found = environments.lock(environments.KEYS)
    deadline = timedelta(seconds=settings.POLL_CHUNK_DEADLINE_SECONDS)
    rows = sql.rows(_COUNTS, {"now": now, "longest": longest, "deadline": deadline})
    counts: dict[Key, tuple[int, int]] = {(e, demo): (due, n) for e, demo, due, n in rows}
    return [_gate(one, now, *counts.get(one.key, (0, 0))) for one in found]


def _gate(upstream: Upstream, now: datetime, due: int, in_flight: int) -> Gate:
    rate_limits.fill(upstream, now)
    most = rate_limits.allowed(upstream, in_flight=in_flight)
    return Gate(upstream, now, due, circuit_breaker.allowed(upstream, now, most))


def save(gates: Sequence[Gate]) -> None:
    """Write down what a pass took, and tell of what it missed."""
    for gate in gates:
        announcements.slots_missed(gate.upstream, gate.missed, gate.now)
    environments.save(gate.upstream for gate in gates)


def is_short() -> bool:
    """Whether the last pass left due accounts that only had to wait for others."""
    return any(one.short_since is not None for one in environments.read(environments.KEYS))
