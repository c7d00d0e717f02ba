"""Schedules: every account that is polled has one, and its grid of slots."""

import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import Account, User
from balances import claims, grids, ledger, ownership
from balances.models import Pause, Schedule
from balances.ownership import Turn
from balances.runs import first_slot


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
        usual = entry.base_interval_seconds or entry.interval_seconds
        if entry.next_slot is None or usual == seconds:
            return
        if entry.base_interval_seconds is not None and seconds < entry.interval_seconds:
            # A rejected key is asked about no sooner for it.
            entry.base_interval_seconds = seconds
        else:
            entry.base_interval_seconds = None
            grids.restart(entry, seconds, reason=claims.UNFINISHED, now=ledger.clock())
        ledger.save([entry])


def pause(account: Account, *, by: User | None) -> bool:
    """Stop polling; return whether anything changed. An answer under way is discarded."""
    return _halt(account, "paused", by)


def archive(account: Account, *, by: User | None) -> bool:
    """Stop polling for good and take the account out of today's figures; history stays."""
    return _halt(account, "archived", by)


def resume(account: Account, *, by: User | None) -> bool:
    """Poll a paused account again, at once; return whether anything changed."""
    return _poll_again(account, "paused", by)


def restore(account: Account, *, by: User | None) -> bool:
    """Bring an archived account back and poll it at once; return whether anything changed."""
    return _poll_again(account, "archived", by)


def _poll_again(account: Account, kind: str, by: User | None) -> bool:
    with transaction.atomic():
        entries = ledger.lock([account.pk])
        # Seen under the lock: what was archived meanwhile is not for whoever may only resume.
        open_one = Pause.objects.filter(account=account, kind=kind, ended_at=None)
        if not open_one.exists():
            return False
        now = _after_pause(account)
        open_one.update(ended_at=now)
        Account.objects.filter(pk=account.pk).update(paused_at=None, archived_at=None)
        entries[account.pk].next_slot = now
        ledger.save(entries.values())
        ownership.turn(account, Turn(is_archived=False), by=by)
    return True


def _halt(account: Account, kind: str, by: User | None) -> bool:
    with transaction.atomic():
        add_missing([account])
        entry = ledger.lock([account.pk])[account.pk]
        if kind == "paused" and entry.next_slot is None:
            return False
        ended = grids.end(entry, reason=claims.PAUSED, now=ledger.clock())
        now = max(ended, _after_pause(account))
        others = Pause.objects.filter(account=account, ended_at=None).exclude(kind=kind)
        others.update(ended_at=now)
        if not Account.objects.filter(pk=account.pk, **{f"{kind}_at": None}).update(
            **{f"{kind}_at": now}
        ):
            return False
        Pause.objects.create(account=account, kind=kind, began_at=now, by=by)
        ledger.save([entry])
        if kind == "archived":
            ownership.turn(account, Turn(is_archived=True), by=by)
    return True


def _after_pause(account: Account) -> datetime:
    """Return the time now, or the start of an open pause: the clock may have stepped back."""
    began = Pause.objects.filter(account=account, ended_at=None).values_list("began_at", flat=True)
    return max([ledger.clock(), *began])
