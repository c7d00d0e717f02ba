"""Trying a slot again: when an error may pass, its slot stays open for another attempt.

Nobody waits for it. The time of the next attempt is the schedule's `not_before`; the tick that
comes after it claims the same slot again.
"""

import random
from datetime import datetime, timedelta

from balances.ledger.schedules import Entry
from balances.polling.results import Failure

#: A slot ends after this many attempts, or where the next one would begin this far into it.
ATTEMPTS, SLOT_SHARE = 3, 0.8
#: The first wait is up to this part of the interval; each one after it up to twice the one before.
FIRST_SHARE, LONGEST_WAIT = 1 / 16, timedelta(minutes=5)
#: `Retry-After` is heeded up to the interval and never longer than this.
MOST_HEEDED = timedelta(hours=1)

#: Which part of the longest wait is waited; a name of its own for the tests' sake.
jitter = random.random


def heed(entry: Entry, failure: Failure, now: datetime) -> None:
    """Leave an account alone for as long as Qredo asks, within bounds.

    Up to an interval, so that waiting never costs more than the slot that it began in.
    """
    if failure.retry_after is not None:
        wait = min(timedelta(seconds=failure.retry_after), entry.interval, MOST_HEEDED)
        entry.not_before = max(now + wait, entry.not_before or now)


def try_again(entry: Entry, failure: Failure, now: datetime) -> bool:
    """Give a slot back for another attempt, if one may help and there is time; return whether."""
    slot = entry.claim_slot
    if slot is None or failure.permanent:
        return False
    # A wait that Qredo asked for gets its own jitter: the others were told the same.
    begin = max(now, entry.not_before or now) + _backoff(entry)
    if entry.attempts + 1 >= ATTEMPTS or begin > slot + entry.interval * SLOT_SHARE:
        return False
    entry.attempts, entry.tried_reason = entry.attempts + 1, failure.reason
    entry.next_slot, entry.not_before = slot, begin
    entry.release()
    return True


def _backoff(entry: Entry) -> timedelta:
    return min(entry.interval * FIRST_SHARE * 2.0**entry.attempts, LONGEST_WAIT) * jitter()
