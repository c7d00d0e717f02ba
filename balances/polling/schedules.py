"""Schedule rows of accounts that have none yet."""

import zlib
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from accounts.models import Account
from balances.ledger import schedules
from balances.ledger.runs import first_slot
from balances.models import Schedule


def add_missing(accounts: Iterable[Account] | None = None, *, now: datetime | None = None) -> None:
    """Make a schedule for every account that has none."""
    wanted = Account.objects.filter(schedule=None) if accounts is None else accounts
    instant = now or schedules.clock()
    made = [_new_schedule(account, instant) for account in wanted]
    Schedule.objects.bulk_create(made, ignore_conflicts=True)


def _new_schedule(account: Account, now: datetime) -> Schedule:
    seconds = settings.POLL_INTERVAL_SECONDS
    slot = first_slot(now, interval_seconds=seconds, phase=phase_of(account))
    return Schedule(
        account=account, interval_seconds=seconds, next_slot=slot if account.is_polled else None
    )


def phase_of(account: Account) -> int:
    """Return a number that spreads accounts evenly over the interval."""
    return zlib.crc32(account.uid.bytes)
