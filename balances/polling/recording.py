"""Writing polls down: a chunk's in one transaction or a few, on condition of each claim's token.

Runs, holdings, snapshots and changes of a poll become visible together or not at all. A result
whose token is gone (delivered twice, too late, paused meanwhile) changes nothing.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction

import qredo
from balances.core import sql
from balances.core.instants import TICK
from balances.ledger import schedules
from balances.ledger.runs import Run
from balances.ledger.schedules import Entry
from balances.ledger.snapshots import Observation, Stored, hidden, store
from balances.models import Outcome
from balances.polling import entry_rules, rejected_answers
from balances.polling.announcements import AccountNews
from balances.polling.pacing import key_backoff, retries
from balances.polling.pacing.feedback import Lessons
from balances.polling.results import Failure, Result

log = logging.getLogger(__name__)

UNSTORED = Failure(
    "bad_request",
    "The answer could not be stored beside this account's history. See the log, and run "
    "verify_history.",
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one result."""

    account_id: int
    outcome: str
    reason: str = ""
    detail: str = ""
    changed: int = 0


def record(
    results: Sequence[Result], *, now: datetime | None = None, after: Sequence[Result] = ()
) -> list[Recorded]:
    """Write results whose claim still holds; the others are discarded and not returned.

    A result that cannot be written is written as failed and takes no other along. `now` stands for
    PostgreSQL's clock when the demo's past is written; `after` are the chunk's results from before.
    """
    try:
        return _record(results, now, after)
    except (OperationalError, InterfaceError):
        raise  # the database is away, whatever is written
    except Exception as error:  # noqa: BLE001 - one account's damage must not stop a hundred
        _tell(error)
        return [recorded for result in results for recorded in _record_alone(result, now)]


def _record_alone(result: Result, now: datetime | None) -> list[Recorded]:
    """Write one result, or at least that it could not be; else its claim is reaped as missed."""
    for attempt in (result, replace(result, outcome=UNSTORED)):
        try:
            return _record([attempt], now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - as above
            _tell(error)
    return []


def _tell(error: Exception) -> None:
    log.error("results could not be written: %s", type(error).__name__)


def _record(
    results: Sequence[Result], now: datetime | None, after: Sequence[Result] = ()
) -> list[Recorded]:
    with transaction.atomic():
        entries = schedules.lock([result.account_id for result in results])
        clock = _Clock(now or schedules.clock(), time.monotonic())
        held = {
            result.account_id: result
            for result in results
            if _is_held(entries.get(result.account_id), result, clock.now)
        }
        _refuse_hidden(held)
        summing = _refuse_unsummed(held)
        since = schedules.owned_since(list(held))
        since |= {pk: max(at, since.get(pk, at)) for pk, at in summing.items()}
        lessons = Lessons.of(held.values(), after=after)
        writing = _Writing(clock, {i: entries[i] for i in held}, held, since, lessons)
        recorded = writing.write()
        rejected_answers.keep(held.values(), clock.now)
        lessons.teach(clock.now)
        return recorded


def _refuse_hidden(results: dict[int, Result]) -> None:
    """Fail answers that leave out an asset while one that is held is missing: it may be that one.

    What is missing is zero otherwise.
    """
    answers = {pk: one.answer for pk, one in results.items() if one.answer is not None}
    for pk, asset in hidden(answers).items():
        failure = Failure(
            "not_understood",
            f"Qredo's answer has an asset with a name that cannot be shown, and {asset} is missing"
            " from it: they may be the same. The balances before stay.",
            evidence=answers[pk].evidence,
        )
        results[pk] = replace(results[pk], outcome=failure)


def _refuse_unsummed(results: dict[int, Result]) -> dict[int, datetime]:
    """Fail answers whose entries were summed without a rule that says so for their account.

    Return since when the rule has held for the others. With the schedules locked, no rule changes.
    """
    answers = {pk: one.answer for pk, one in results.items() if one.answer is not None}
    summed = {pk: answer for pk, answer in answers.items() if answer.balances.summed}
    since = entry_rules.summing_since(summed) if summed else {}
    for pk, answer in summed.items():
        if pk not in since:
            detail = entry_rules.refusal(answer.balances.summed)
            failure = Failure("not_understood", detail, evidence=answer.evidence)
            results[pk] = replace(results[pk], outcome=failure)
    return since


def _is_held(entry: Entry | None, result: Result, now: datetime) -> bool:
    """Whether the result's claim stands. One that is over is left to be reaped as missed."""
    if entry is None or entry.claim_token != result.token:
        return False
    return entry.claim_until is not None and now <= entry.claim_until


@dataclass(frozen=True, slots=True)
class _Clock:
    now: datetime
    monotonic: float

    def instant_of(self, monotonic: float) -> datetime:
        """Return PostgreSQL's time at a monotonic instant of this process."""
        return self.now - timedelta(seconds=max(0.0, self.monotonic - monotonic))


@dataclass(frozen=True, slots=True)
class _Writing:
    """One chunk on its way into the database."""

    clock: _Clock
    entries: dict[int, Entry]
    results: dict[int, Result]
    #: No answer is recorded under an earlier instant: its owner or its rule was another one then.
    begins: dict[int, datetime]
    lessons: Lessons
    news: AccountNews = field(default_factory=AccountNews)

    def write(self) -> list[Recorded]:
        observations = [
            self._observe(entry, answer)
            for entry in self.entries.values()
            if (answer := self.results[entry.account_id].answer) is not None
        ]
        # The same bytes as before mean the same balances: nothing to compare, nothing to store.
        stored = store([o for o in observations if self._may_differ(o)])
        for account_id, found in stored.items():
            self.entries[account_id].snapshots = found.head
        recorded = [self._finish(entry, stored) for entry in self.entries.values()]
        schedules.save(self.entries.values())
        self.news.tell()
        return recorded

    def _observe(self, entry: Entry, answer: qredo.BalanceAnswer) -> Observation:
        instant = self.clock.instant_of(answer.sent_monotonic)
        if entry.claimed_at is not None:
            # Asked after it was claimed; the two clocks are only read a moment apart.
            instant = max(instant, entry.claimed_at)
        # Nor before a turn that discarded what was under way, or before the rule that lets its
        # entries be summed, though the clock stepped back since.
        instant = max(instant, self.begins.get(entry.account_id, instant))
        if entry.observed_at is not None:
            instant = max(instant, entry.observed_at + TICK)
        is_first = entry.digest is None
        observation = Observation(
            entry.account_id, entry.claim_slot, instant, answer, is_first, entry.snapshots
        )
        entry.observed_at = instant
        return observation

    def _may_differ(self, observation: Observation) -> bool:
        entry = self.entries[observation.account_id]
        differs = entry.digest != observation.answer.digest
        entry.digest = observation.answer.digest
        return differs

    def _finish(self, entry: Entry, stored: dict[int, Stored]) -> Recorded:
        outcome = self.results[entry.account_id].outcome
        entry.last_attempt_at = self.clock.now
        if isinstance(outcome, Failure):
            _note_failure(entry, outcome, self.clock.now)
            recorded = Recorded(entry.account_id, Outcome.FAILED, outcome.reason, outcome.detail)
            retries.heed(entry, outcome, self.clock.now)
            if retries.try_again(entry, outcome, self.clock.now):
                return recorded
            is_down = self.lessons.is_down(entry.account_id)
            self.news.failed(entry, outcome, self.lessons.keys[entry.account_id], is_down=is_down)
            key_backoff.slow(entry, outcome)
        else:
            key_backoff.answered(entry)
            self.news.answered(entry, self.lessons.keys[entry.account_id])
            entry.last_reason, entry.last_detail, entry.failing_since = "", "", None
            changes = stored[entry.account_id].changes if entry.account_id in stored else 0
            recorded = Recorded(entry.account_id, Outcome.FRESH, changed=changes)
        _book(entry, recorded, self.clock.now)
        if recorded.outcome == Outcome.FRESH:
            key_backoff.restore(entry, self.clock.now)
        return recorded


def _note_failure(entry: Entry, failure: Failure, now: datetime) -> None:
    entry.last_reason, entry.last_detail = failure.reason, failure.detail
    entry.failing_since = entry.failing_since or entry.claim_slot or now


def _book(entry: Entry, recorded: Recorded, now: datetime) -> None:
    """Enter the result where it belongs: a slot into the runs, a refresh into its own row."""
    if entry.claim_refresh is not None:
        _finish_refresh(entry, recorded, now)
    elif entry.claim_slot is not None:
        entry.book(_booking(entry, entry.claim_slot, recorded))
    entry.release()


def _booking(entry: Entry, slot: datetime, recorded: Recorded) -> Run:
    observed = entry.observed_at if recorded.outcome == Outcome.FRESH else None
    late = 0 if observed is None else max(0, -((slot - observed) // timedelta(milliseconds=1)))
    return Run(
        recorded.outcome, recorded.reason, slot, slot, entry.interval_seconds, 1,
        observed, observed, late,
    )  # fmt: skip


def _finish_refresh(entry: Entry, recorded: Recorded, now: datetime) -> None:
    observed = entry.observed_at if recorded.outcome == Outcome.FRESH else None
    sql.count(
        "UPDATE balances_refresh SET outcome = %s, reason = %s, detail = %s, finished_at = %s,"
        " observed_at = %s WHERE id = %s AND finished_at IS NULL",
        [recorded.outcome, recorded.reason, recorded.detail, now, observed, entry.claim_refresh],
    )
