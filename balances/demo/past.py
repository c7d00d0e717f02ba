"""The demo's past: 90 days, polled hour by hour through the code that polls the present.

Only the clocks differ: the simulator's is turned back, and claims and records are told its time.
Days are committed one by one, so that a load that was broken off goes on where it was. Between them
an account has no next slot and is claimed by the loader: nobody else polls it.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

import qredo
from accounts import enrolment
from accounts.enrolment import Candidate
from accounts.models import Account, Environment, Organization, User
from accounts.shared.demo_data import stored
from balances.demo.people import PEOPLE
from balances.demo.simulator import Simulated, TurnedBack
from balances.ledger import schedules as ledger_schedules
from balances.lifecycle import pausing
from balances.models import Outcome, Schedule
from balances.polling import claims, poll
from balances.polling import schedules as polling_schedules

DAYS = 90
HOUR = timedelta(hours=1)
#: An answer of the past arrives this long after its slot.
LATENESS = timedelta(seconds=2)
#: The loader's claim between two days; a loader that died is succeeded well before.
CLAIM = timedelta(minutes=10)

Progress = Callable[[float], None]


def load(simulator: TurnedBack, progress: Progress) -> None:
    """Enrol the simulator's accounts that are missing, and write the past that is missing."""
    enrol_missing(simulator.accounts)
    last = _last_hour(ledger_schedules.clock())
    while slots := _next_day(last):
        progress(1 - (last - slots[0]) / timedelta(days=DAYS))
        _write_day(simulator, slots)
    _hand_over(last)


def enrol_missing(accounts: Sequence[Simulated]) -> None:
    """Store accounts and keys; their past begins 90 days ago. None beside somebody's own."""
    if stored().real:
        return
    enrolled = set(Account.objects.filter(is_demo=True).values_list("keys__key_id", flat=True))
    with transaction.atomic():
        made = [_enrol(account) for account in accounts if account.key_id not in enrolled]
        polling_schedules.add_missing(made)
        schedules = Schedule.objects.filter(account__in=made)
        schedules.update(interval_seconds=HOUR // timedelta(seconds=1))
        _hold(schedules)


def _unfinished() -> QuerySet[Schedule]:
    """Return the schedules whose past is not written yet."""
    return Schedule.objects.filter(
        account__is_demo=True,
        account__paused_at=None,
        account__archived_at=None,
        account__keyless_at=None,
        next_slot=None,
        interval_seconds=HOUR // timedelta(seconds=1),
    )


def _hold(schedules: QuerySet[Schedule]) -> None:
    until = ledger_schedules.clock() + CLAIM
    schedules.update(next_slot=None, claim_token=uuid4(), claim_until=until)


def _last_hour(now: datetime) -> datetime:
    newest = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return newest if now - newest > LATENESS else newest - HOUR


def _next_day(last: datetime) -> list[datetime]:
    """Return the next hours to write: up to a day of them, none when all is written."""
    schedule = _unfinished().order_by("account").first()
    if schedule is None:
        return []
    begun = schedule.run_last
    first = last - timedelta(days=DAYS) if begun is None else begun + HOUR
    return [first + HOUR * n for n in range(24) if first + HOUR * n <= last]


def _locked(wanted: QuerySet[Schedule]) -> list[int]:
    """Lock schedules; return those still wanted, for somebody may just have stopped their polls."""
    found = list(wanted.values_list("pk", flat=True))
    ledger_schedules.lock(found)
    return list(wanted.filter(pk__in=found).order_by("pk").values_list("pk", flat=True))


def _write_day(simulator: TurnedBack, slots: Sequence[datetime]) -> None:
    with transaction.atomic():
        ids = _locked(_unfinished())
        day = Schedule.objects.filter(pk__in=ids)
        day.update(next_slot=slots[0], claim_token=None, claim_until=None)
        for slot in slots:
            _write_hour(simulator, slot + LATENESS, ids)
        _hold(day)


def _write_hour(simulator: TurnedBack, now: datetime, ids: Sequence[int]) -> None:
    simulator.set_clock(now)
    due = claims.claim_past(now, ids)
    nanoseconds = int(now.timestamp()) * 1_000_000_000  # a full hour and two seconds: exact
    records = poll.poll(due, now=now, clock_ns=lambda: nanoseconds)
    failed = [record for record in records if record.outcome != Outcome.FRESH]
    if failed or len(records) != len(ids):
        raise RuntimeError(f"the simulator did not answer for {now}: {failed[:1]}")


def _hand_over(last: datetime) -> None:
    """From here on the accounts are polled like any other, or stand still as somebody wants."""
    with transaction.atomic():
        loaded = Schedule.objects.filter(pk__in=_locked(_unfinished()))
        loaded.update(next_slot=last + HOUR, claim_token=None, claim_until=None)
        demo = Schedule.objects.filter(account__is_demo=True, base_interval_seconds=None)
        hourly = demo.filter(interval_seconds=HOUR.seconds)
        for schedule in hourly.exclude(next_slot=None).select_related("account"):
            pausing.end_loading(schedule.account)
        hourly.filter(next_slot=None).update(interval_seconds=settings.POLL_INTERVAL_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT balances_analyse()"
        )  # the planner knows nothing yet of tables filled so fast


def _enrol(simulated: Simulated) -> Account:
    candidate = Candidate(
        simulated.key_id,
        qredo.decode_secret(simulated.secret),
        Environment(simulated.environment),
        simulated=True,  # whatever addresses of a Qredo are given
    )
    return enrolment.keep(
        candidate,
        label=simulated.name,
        owner=_owner(simulated),
        by=None,
        verified=True,
        since=ledger_schedules.clock() - timedelta(days=DAYS + 1),
    )


def _owner(simulated: Simulated) -> User | Organization:
    if simulated.organization is not None:
        return Organization.objects.get(name=simulated.organization)
    email = next(p.email for p in PEOPLE if p.simulated == simulated.person)
    return User.objects.get(email=email)
