"""Slowing down: a key that Qredo rejects is asked about hourly, until it answers or is replaced.

The slower grid begins with the rejected slot itself, so that no request is made before its hour is
over. The interval before is remembered; it is also what freshness is measured by meanwhile.
"""

from datetime import datetime

from balances.ledger import slots
from balances.ledger.schedules import Entry
from balances.polling.claims import UNFINISHED
from balances.polling.results import Failure

HOUR_SECONDS = 3_600
#: Reasons that last until a person acts. `clock` is not among them: the key is not to blame.
BLAMED_ON_KEY = {"key_rejected", "permission"}


def slow(entry: Entry, failure: Failure) -> None:
    """Slow down whose claimed slot ends because of its key. To be done before booking."""
    rejected = failure.was_asked and failure.reason in BLAMED_ON_KEY
    if entry.claim_slot is None or not rejected or entry.interval_seconds >= HOUR_SECONDS:
        return
    entry.base_interval_seconds, entry.interval_seconds = entry.interval_seconds, HOUR_SECONDS
    entry.next_slot = entry.claim_slot + entry.interval


def answered(entry: Entry) -> None:
    """Undo it because the claimed slot was answered. To be done before booking."""
    if entry.claim_slot is not None and entry.base_interval_seconds is not None:
        entry.interval_seconds, entry.base_interval_seconds = entry.base_interval_seconds, None
        entry.next_slot = entry.claim_slot + entry.interval


def restore(entry: Entry, now: datetime) -> None:
    """Undo it between two slots: a refresh was answered, or the account has a new key."""
    if entry.base_interval_seconds is None:
        return
    seconds, entry.base_interval_seconds = entry.base_interval_seconds, None
    if entry.next_slot is None:  # it stands still
        entry.interval_seconds = seconds
    else:
        slots.restart(entry, seconds, reason=UNFINISHED, now=now)
