"""What proves an account's figures as of an instant: snapshots around it, the run that covers it.

Only what lies in the reader's time with the account is told; of the next snapshot not even when it
came, if the account was somebody else's by then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.access.querysets import Span
from accounts.models import Account
from balances.core import sql
from balances.core.instants import TICK
from balances.history.observations import Sight, sights
from balances.models import Pause, Run, Schedule, Snapshot


@dataclass(frozen=True, slots=True)
class Poll:
    """The run that covers an instant: what its polls were, as far as they had come by then."""

    outcome: str
    reason: str
    first_slot: datetime
    last_slot: datetime
    interval_seconds: int
    observed: tuple[datetime, datetime] | None
    number: int | None  # its place in the chain; none while it is open
    chain: str


@dataclass(frozen=True, slots=True)
class Due:
    """A slot that fell due and is not booked yet."""

    slot: datetime
    is_tried: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """Snapshots and run around an instant. `held_until` is the last poll that saw the figures."""

    before: Snapshot | None
    #: The newest one lies before the reader's time with the account.
    is_before_hidden: bool
    after: Snapshot | None
    run: Poll | None
    is_run_hidden: bool  # it reaches beyond the reader's time
    held_until: datetime | None
    every: int  # what the account was polled at then, in seconds
    #: Why no run covers the instant: a slot that is not over, or what it stood still for.
    due: Due | None
    halt: str
    #: The reader's time with the account ended after the instant.
    is_over: bool


@sql.one_view()
def proof(account: Account, spans: Sequence[Span], at: datetime, now: datetime) -> Proof:
    """Return what proves the figures of an account at `at`, within the reader's `spans`."""
    began, ended = next((span for span in spans if _holds(span, at)), spans[-1])
    snapshots = Snapshot.objects.filter(account=account).order_by("observed_at")
    newest = snapshots.filter(observed_at__lte=at).last()
    following = snapshots.filter(observed_at__gt=at).first()
    after = following if following and _is_within(following.observed_at, ended) else None
    is_hidden = newest is not None and newest.observed_at < began
    run = _run(account, at)
    is_own = run is not None and began <= run.first_slot and _is_within(run.last_slot, ended)
    held = _held(account, now, ended, after.observed_at if after else None)
    return Proof(
        before=None if is_hidden else newest,
        is_before_hidden=is_hidden,
        after=after,
        run=run if is_own else None,
        is_run_hidden=run is not None and not is_own,
        held_until=held.observed_at if held else None,
        every=held.interval_seconds if held else 0,
        due=_due(account, at) if ended is None else None,
        halt=_halt(account, at),
        is_over=ended is not None,
    )


def _held(account: Account, *limits: datetime | None) -> Sight | None:
    """Return when the same was seen last before the limits: the next snapshot, what may be seen."""
    before = min(limit for limit in limits if limit is not None) - TICK
    return sights([account.pk], before).get(account.pk)


def _due(account: Account, at: datetime) -> Due | None:
    """Return the slot that was due at an instant and is not over yet."""
    schedule = Schedule.objects.filter(account=account).first()
    if schedule is None:
        return None
    slot = schedule.claim_slot or schedule.next_slot
    is_tried = schedule.claim_slot is not None or schedule.attempts > 0
    return Due(slot, is_tried) if slot is not None and slot <= at else None


def _halt(account: Account, at: datetime) -> str:
    """Return why an account stood still at an instant: paused, archived or keyless."""
    goes_on = Q(ended_at=None) | Q(ended_at__gt=at)
    pause = Pause.objects.filter(goes_on, account=account, began_at__lte=at).first()
    return "" if pause is None else pause.kind


def _holds(span: Span, at: datetime) -> bool:
    return span[0] <= at and (span[1] is None or at < span[1])


def _is_within(instant: datetime, ended: datetime | None) -> bool:
    return ended is None or instant < ended


def _run(account: Account, at: datetime) -> Poll | None:
    closed = Run.objects.filter(account=account, span__contains=at).first()
    return _closed(closed) if closed else _open(account, at)


def _closed(run: Run) -> Poll:
    return Poll(
        run.outcome, run.reason, run.first_slot, run.last_slot, run.interval_seconds,
        _both(run.first_observed, run.last_observed), run.number, bytes(run.chain).hex(),
    )  # fmt: skip


def _open(account: Account, at: datetime) -> Poll | None:
    s = Schedule.objects.filter(account=account, run_slots__gt=0, run_first__lte=at).first()
    if s is None or s.run_first is None or s.run_last is None:
        return None
    if at >= s.run_last + timedelta(seconds=s.interval_seconds):
        return None
    return Poll(
        s.run_outcome, s.run_reason, s.run_first, s.run_last, s.interval_seconds,
        _both(s.run_first_observed, s.run_last_observed), None, "",
    )  # fmt: skip


def _both(first: datetime | None, last: datetime | None) -> tuple[datetime, datetime] | None:
    return None if first is None or last is None else (first, last)


# Serves "the newest snapshot of each account at or before T"; none of before the reader's time.
_NEWEST = """
SELECT a.id, s.number, encode(s.payload_id, 'hex')
FROM unnest(%s::bigint[], %s::timestamptz[]) AS a(id, began) CROSS JOIN LATERAL (
    SELECT number, payload_id, observed_at FROM balances_snapshot
    WHERE account_id = a.id AND observed_at <= %s ORDER BY observed_at DESC LIMIT 1) s
WHERE s.observed_at >= a.began
"""


def newest_snapshots(began: Mapping[int, datetime], at: datetime) -> dict[int, tuple[int, str]]:
    """Return number and digest of what proves each account's figures at an instant.

    `began` is since when each is its reader's: what was taken before is not told.
    """
    rows = sql.rows(_NEWEST, [list(began), list(began.values()), at])
    return {account_id: (number, digest) for account_id, number, digest in rows}
