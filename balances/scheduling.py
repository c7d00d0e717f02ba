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
    """Return instants in this month and the two after it, for which partitions should stand."""
    now = ledger.clock()
    # In steps that no month is shorter than, so that none is stepped over.
    return [now + timedelta(days=28 * step) for step in range(4)]


def phase_of(account: Account) -> int:
    """Return a number that spreads accounts evenly over the interval."""
    return zlib.crc32(account.uid.bytes)


def change_interval(account: Account, seconds: int) -> None:
    """Poll an account at once, and every `seconds` seconds from now on."""
    with transaction.atomic():
        entry = ledger.lock([account.pk])[account.pk]
        if entry.next_slot is None or entry.interval_seconds == seconds:
            return
        # The new grid begins where the old one ends, however often it changes: no hole, no overlap.
        entry.next_slot = _end_of_slots(entry, claims.UNFINISHED)
        entry.interval_seconds = seconds
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
        now = _after_pause(account)
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
        now = max(_end_of_slots(entry, claims.PAUSED), _after_pause(account))
        ended = Pause.objects.filter(account=account, ended_at=None).exclude(kind=kind)
        ended.update(ended_at=now)
        if not Account.objects.filter(pk=account.pk, **{f"{kind}_at": None}).update(
            **{f"{kind}_at": now}
        ):
            return False
        Pause.objects.create(account=account, kind=kind, began_at=now, by=by)
        ledger.save([entry])
    return True


def _after_pause(account: Account) -> datetime:
    """Return the time now, or the start of an open pause: the clock may have stepped back."""
    began = Pause.objects.filter(account=account, ended_at=None).values_list("began_at", flat=True)
    return max([ledger.clock(), *began])


def _end_of_slots(entry: ledger.Entry, reason: str) -> datetime:
    """Book what is due, close the open run and return the instant from which no slot is due."""
    now = ledger.clock()
    entry.miss_claim(reason)
    _book_due(entry, now, reason)
    if entry.run is not None:
        now = max(now, entry.run.last + timedelta(microseconds=1))
    entry.close_run(now)
    entry.next_slot = None
    return now
