"""What an account's schedule says that no chain holds yet: its open run, and what was seen last.

Every part is worked out from what is stored elsewhere, or at least has to fit it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from accounts.models import Account
from balances.core import sql
from balances.evidence.verification.findings import Finding, compared
from balances.models import Outcome, Schedule

# The newest observation of each kind. It is what pages count an account's age from.
_NEWEST_SEEN = """
SELECT greatest(
    (SELECT max(observed_at) FROM balances_snapshot WHERE account_id = %(account)s),
    (SELECT max(observed_at) FROM balances_refresh WHERE account_id = %(account)s),
    (SELECT max(last_observed) FROM balances_run WHERE account_id = %(account)s),
    (SELECT run_last_observed FROM balances_schedule WHERE account_id = %(account)s))
"""
_NEWEST_SNAPSHOT = """
SELECT payload_id FROM balances_snapshot
WHERE account_id = %s AND observed_at = %s
"""


class ScheduleChecker:
    """Looks at the schedule of one account."""

    def __init__(self, account: Account, schedule: Schedule) -> None:
        self.account, self.uid, self.schedule = account, str(account.uid), schedule

    def findings(self) -> Iterator[Finding]:
        """Yield whatever does not fit."""
        yield from self._open_run()
        yield from self._slowed()
        yield from self._seen_last()
        if not self._is_held_by_loader():
            is_due = self.schedule.next_slot is not None
            yield from self._same("next slot known", self.account.is_polled, is_due)

    def _is_held_by_loader(self) -> bool:
        """Whether the demo's past is being written: between two days there is no next slot."""
        schedule = self.schedule
        is_claimed = schedule.claim_token is not None
        return is_claimed and schedule.claim_slot is None and schedule.claim_refresh is None

    def _open_run(self) -> Iterator[Finding]:
        run = self.schedule
        is_open = [run.run_slots > 0, run.run_first is not None, run.run_last is not None]
        yield from self._same("open run", [is_open[0]] * 3, is_open)
        outcome = "whole" if self._is_outcome_whole() else run.run_outcome
        yield from self._same("open run outcome", "whole", outcome)
        if run.run_first is not None and run.run_last is not None:
            yield from self._slots(run.run_first, run.run_last)
            if run.run_outcome == Outcome.FRESH:
                yield from self._observed(run.run_first, run.run_first_observed)
                yield from self._observed(run.run_last, run.run_last_observed)

    def _is_outcome_whole(self) -> bool:
        run = self.schedule
        is_seen = run.run_outcome == Outcome.FRESH
        return (
            run.run_outcome in (Outcome.values if run.run_slots else [""])
            and bool(run.run_reason) == (run.run_slots > 0 and not is_seen)
            and (run.run_first_observed is not None) == is_seen
            and (run.run_last_observed is not None) == is_seen
        )

    def _slots(self, first: datetime, last: datetime) -> Iterator[Finding]:
        step = timedelta(seconds=self.schedule.interval_seconds)
        wanted = first + step * (self.schedule.run_slots - 1)
        yield from self._same("open run last slot", wanted, last)
        yield from self._same("open run day", _day(first), _day(last))
        if not self._is_held_by_loader():
            following = self.schedule.claim_slot or self.schedule.next_slot
            yield from self._same("slot after the open run", last + step, following)

    def _observed(self, slot: datetime, observed: datetime | None) -> Iterator[Finding]:
        latest = slot + timedelta(milliseconds=self.schedule.run_lateness_ms)
        if observed is not None:
            bounded = min(max(observed, slot), latest)
            yield from self._same("open run observed within its lateness", bounded, observed)

    def _slowed(self) -> Iterator[Finding]:
        # What was seen is fresh for two usual intervals: a long one would never let it grow old.
        usual = self.schedule.base_interval_seconds
        if usual is not None:
            bounded = min(usual, self.schedule.interval_seconds - 1)
            yield from self._same("usual interval of a slowed schedule", bounded, usual)

    def _seen_last(self) -> Iterator[Finding]:
        schedule = self.schedule
        ((newest,),) = sql.rows(_NEWEST_SEEN, {"account": self.account.pk})
        yield from self._same("observed_at of the schedule", newest, schedule.observed_at)
        is_known = schedule.snapshot_count > 0
        yield from self._same("digest known", is_known, schedule.digest is not None)
        for (digest,) in sql.rows(_NEWEST_SNAPSHOT, [self.account.pk, newest]):
            found = bytes(schedule.digest or b"")
            yield from self._same("digest of the schedule", bytes(digest), found)

    def _same(self, field: str, expected: object, found: object) -> Iterator[Finding]:
        yield from compared(self.uid, None, field, expected, found)


def _day(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d}"
