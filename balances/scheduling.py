"""Schedules: every account that is polled has one, and its grid of slots."""

import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import Account, User
from balances import claims, ledger
from balances.models import Pause, Schedule
from balances.runs import first_slot, newest_slot


def add_missing(accounts: Iterable[Account] | None = None, *, now: datetime | None = None) -> None:
    """Make a schedule for every account that has none."""
    wanted = Account.objects.filter(schedule=None) if accounts is None else accounts
    instant = now or ledger.clock()
    made = [_new_schedule(account, instant) for account in wanted]
    Schedule.objects.bulk_create(made, ignore_conflicts=True)


def _new_schedule(account: Account, now: datetime) -> Schedule:
    seconds = settings.POLL_INTERVAL_SECONDS
    slot = first_slot(now, interval_seconds=seconds, phase=phase_of(account))
    return Schedule(
        account=account, interval_seconds=seconds, next_slot=slot if account.is_polled else None
    )


def months_ahead() -> list[datetime]:
    """Return an instant in each month for which a partition should stand: this one and two more."""
    now = ledger.clock()
    return [now + timedelta(days=31 * months) for months in range(3)]


def phase_of(account: Account) -> int:
    """Return a number that spreads accounts evenly over the interval."""
    return zlib.crc32(account.uid.bytes)


def change_interval(account: Account, seconds: int, *, now: datetime | None = None) -> None:
    """Poll an account every `seconds` seconds from now on; its grid of slots starts anew."""
    with transaction.atomic():
        instant = now or ledger.clock()
        entry = ledger.lock([account.pk])[account.pk]
        if entry.next_slot is None or entry.interval_seconds == seconds:
            return
        entry.miss_claim(claims.UNFINISHED)
        # What was due under the old grid is booked under it.
        _book_due(entry, instant, claims.UNCLAIMED)
        slot = first_slot(instant, interval_seconds=seconds, phase=phase_of(account))
        if entry.run is not None:
            slot = min(slot, entry.run.until)
        entry.close_run(slot)
        entry.interval_seconds, entry.next_slot = seconds, slot
        ledger.save([entry])


def _book_due(entry: ledger.Entry, now: datetime, reason: str) -> None:
    if entry.next_slot is None or entry.next_slot > now:
        return
    newest, skipped = newest_slot(entry.next_slot, now, entry.interval_seconds)
    entry.book_missed(entry.next_slot, skipped + 1, reason)
    entry.next_slot = newest + entry.interval


def pause(account: Account, *, by: User | None) -> bool:
    """Stop polling; return whether anything changed. An answer under way is discarded."""
    return _halt(account, "paused", by)


def archive(account: Account, *, by: User | None) -> bool:
    """Stop polling for good and take the account out of today's figures; history stays."""
    return _halt(account, "archived", by)


def resume(account: Account, *, by: User | None) -> bool:  # noqa: ARG001 - the audit log will tell
    """Poll a paused or archived account again, at once; return whether anything changed."""
    with transaction.atomic():
        add_missing([account])
        entry = ledger.lock([account.pk])[account.pk]
        if entry.next_slot is not None:
            return False
        now = ledger.clock()
        Pause.objects.filter(account=account, ended_at=None).update(ended_at=now)
        Account.objects.filter(pk=account.pk).update(paused_at=None, archived_at=None)
        entry.next_slot = now
        ledger.save([entry])
    return True


def _halt(account: Account, kind: str, by: User | None) -> bool:
    with transaction.atomic():
        add_missing([account])
        entry = ledger.lock([account.pk])[account.pk]
        if kind == "paused" and entry.next_slot is None:
            return False
        now = _end_of_slots(entry)
        ended = Pause.objects.filter(account=account, ended_at=None).exclude(kind=kind)
        ended.update(ended_at=now)
        if not Account.objects.filter(pk=account.pk, **{f"{kind}_at": None}).update(
            **{f"{kind}_at": now}
        ):
            return False
        Pause.objects.create(account=account, kind=kind, began_at=now, by=by)
        ledger.save([entry])
    return True


def _end_of_slots(entry: ledger.Entry) -> datetime:
    """Book what is due, close the open run and return the instant from which no slot is due."""
    now = ledger.clock()
    entry.miss_claim(claims.PAUSED)
    _book_due(entry, now, claims.PAUSED)
    if entry.run is not None:
        now = max(now, entry.run.last + timedelta(microseconds=1))
    entry.close_run(now)
    entry.next_slot = None
    return now
