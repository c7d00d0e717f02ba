"""Grids of slots: where one ends and the next begins, so that an account's time stays tiled."""

from datetime import datetime, timedelta

from balances.ledger.runs import newest_slot
from balances.ledger.schedules import Entry


def restart(entry: Entry, seconds: int, *, reason: str, now: datetime) -> None:
    """Let a slot fall due at once, and every `seconds` seconds from then on."""
    # The new grid begins where the old one ends, however often it changes: no hole, no overlap.
    entry.next_slot = end(entry, reason=reason, now=now)
    entry.interval_seconds = seconds


def end(entry: Entry, *, reason: str, now: datetime) -> datetime:
    """Book what is due, close the open run and return the instant from which no slot is due."""
    entry.miss_claim(reason)
    _book_due(entry, now, reason)
    now = cut(entry, now)
    entry.next_slot = None
    return now


def cut(entry: Entry, at: datetime) -> datetime:
    """Close the open run where another grid is to begin, at `at` or just after its last slot."""
    if entry.run is not None:
        at = max(at, entry.run.last + timedelta(microseconds=1))
    entry.close_run(at)
    return at


def _book_due(entry: Entry, now: datetime, reason: str) -> None:
    if entry.next_slot is None or entry.next_slot > now:
        return
    newest, skipped = newest_slot(entry.next_slot, now, entry.interval_seconds)
    entry.book_missed(entry.next_slot, skipped + 1, reason)
    entry.next_slot = newest + entry.interval
