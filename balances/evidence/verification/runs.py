"""Closed runs against their chain, and against the time that they have to tile."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import F

from accounts.chain.hash_chain import Head
from accounts.models import Account
from balances.core import sql
from balances.evidence.verification.findings import Finding, compared, compared_heads
from balances.ledger import runs
from balances.ledger.chain import run_text
from balances.models import Pause, Run, Schedule

# A hundred each: so many findings end the verification.
_WITHOUT_RUN = """
SELECT s.slot FROM balances_snapshot s
WHERE s.account_id = %(account)s AND s.slot IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM balances_run r WHERE r.account_id = s.account_id AND r.span @> s.slot
      AND r.outcome = 'fresh' AND s.slot <= r.last_slot)
  AND NOT EXISTS (
    SELECT FROM balances_schedule o WHERE o.account_id = s.account_id
      AND o.run_outcome = 'fresh' AND s.slot BETWEEN o.run_first AND o.run_last)
ORDER BY s.slot LIMIT 100
"""
_WITHOUT_REFRESH = """
SELECT s.observed_at FROM balances_snapshot s
WHERE s.account_id = %(account)s AND s.slot IS NULL
  AND NOT EXISTS (
    SELECT FROM balances_refresh f WHERE f.account_id = s.account_id
      AND f.outcome = 'fresh' AND f.observed_at = s.observed_at)
ORDER BY s.observed_at LIMIT 100
"""


class RunChecker:
    """Walks the closed runs of one account from the first to the last."""

    def __init__(self, account: Account) -> None:
        self.account, self.uid = account, str(account.uid)
        self.head = Head()
        self.until: datetime | None = None
        self.schedule = Schedule.objects.filter(account=account).first()
        # A pause that ended as it began covers no time.
        pauses = Pause.objects.filter(account=account, ended_at__gt=F("began_at"))
        self.pauses = dict(pauses.order_by("began_at").values_list("began_at", "ended_at"))

    def findings(self) -> Iterator[Finding]:
        """Yield whatever is wrong with closed runs, their tiling and the head."""
        for run in Run.objects.filter(account=self.account).order_by("number").iterator():
            yield from self._one(run)
        yield from self._end()
        yield from self._snapshots_belong()

    def _one(self, run: Run) -> Iterator[Finding]:
        at, number = run.first_slot, self.head.count + 1
        yield from compared(self.uid, at, "run number", number, run.number)
        yield from self._follows(at)
        self.until = run.span.upper
        self.head = self.head.link(
            run_text(account=self.account.uid, number=run.number, run=_plain(run), until=self.until)
        )
        yield from compared(self.uid, at, "run chain", self.head.digest, bytes(run.chain))
        self.head = Head(run.number, bytes(run.chain))

    def _follows(self, at: datetime) -> Iterator[Finding]:
        """Check that a run begins where the one before it ended, or the pauses since."""
        if self.until is None:
            return
        expected = self.until
        while (ended := self.pauses.get(expected)) is not None and expected < at:
            expected = ended
        yield from compared(self.uid, at, "run begins", expected, at)

    def _end(self) -> Iterator[Finding]:
        schedule = self.schedule
        head = Head() if schedule is None else Head(schedule.run_count, bytes(schedule.run_chain))
        yield from compared_heads(self.uid, "run head", head, self.head)
        following = None if schedule is None else _following(schedule)
        if following is not None:
            yield from self._follows(following)

    def _snapshots_belong(self) -> Iterator[Finding]:
        """Check that a snapshot of a slot lies in a fresh run, and another one is a refresh's."""
        for (slot,) in sql.rows(_WITHOUT_RUN, {"account": self.account.pk}):
            yield from compared(self.uid, slot, "run of the snapshot", "fresh", "none")
        for (instant,) in sql.rows(_WITHOUT_REFRESH, {"account": self.account.pk}):
            yield from compared(self.uid, instant, "refresh of the snapshot", "fresh", "none")


def _following(schedule: Schedule) -> datetime | None:
    """Return where what is in no chain yet begins: the open run, else the slot to come."""
    return schedule.run_first or schedule.claim_slot or schedule.next_slot


def _plain(run: Run) -> runs.Run:
    return runs.Run(
        run.outcome, run.reason, run.first_slot, run.last_slot, run.interval_seconds, run.slots,
        run.first_observed, run.last_observed, run.lateness_ms,
    )  # fmt: skip
