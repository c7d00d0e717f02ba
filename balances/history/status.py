"""What an account's status follows from, now or at an instant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from accounts.models import Account
from balances.history.observations import Sight

StateSlug = Literal["fresh", "stale", "failed", "waiting", "paused", "archived", "keyless"]


@dataclass(frozen=True, slots=True)
class Halt:
    """Why an account stands still, and since when: archived, keyless or paused."""

    kind: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Stand:
    """What an account stands at, now or at an instant: all that its state follows from.

    Its past comes from history (see `stands`), its present from its schedule.
    """

    sight: Sight | None
    halt: Halt | None = None
    failing_since: datetime | None = None
    reason: str = ""  # of the newest failure
    missed: str = ""  # why nobody polled, if the newest slots were missed
    is_loading: bool = False  # its past is: no slot falls due yet
    is_past: bool = False
    is_partial: bool = False  # some of its wallets or assets are left out

    def is_fresh(self, at: datetime) -> bool:
        """Whether the account's figures count as fresh."""
        return self.sight is not None and self.sight.is_fresh(at)


class Polled(NamedTuple):
    """What pages tell of a schedule: a third of its columns, of thousands of accounts."""

    interval_seconds: int
    base_interval_seconds: int | None
    next_slot: datetime | None
    not_before: datetime | None
    run_outcome: str
    run_reason: str
    last_attempt_at: datetime | None
    last_reason: str
    last_detail: str
    failing_since: datetime | None
    observed_at: datetime | None
    #: What it was polled at when it was last observed: by this its figures are fresh.
    seen_every: int


def stand_of(account: Account, schedule: Polled | None, *, is_partial: bool = False) -> Stand:
    """Return what an account stands at now."""
    halt = _halt(account)
    if schedule is None:
        return Stand(None, halt, is_partial=is_partial)
    return Stand(
        sight=_sight(schedule),
        halt=halt,
        failing_since=schedule.failing_since,
        reason=schedule.last_reason,
        missed=schedule.run_reason if schedule.run_outcome == "missed" else "",
        is_loading=schedule.next_slot is None,
        is_partial=is_partial,
    )


def _sight(schedule: Polled) -> Sight | None:
    if schedule.observed_at is None:
        return None
    return Sight(schedule.observed_at, schedule.seen_every)


def _halt(account: Account) -> Halt | None:
    if account.archived_at is not None:
        return Halt("archived", account.archived_at)
    if account.keyless_at is not None:
        return Halt("keyless", account.keyless_at)
    return None if account.paused_at is None else Halt("paused", account.paused_at)


def slug_of(stand: Stand, at: datetime) -> StateSlug:
    """Return the slug of an account's state, for whoever needs no words."""
    if stand.halt is not None:
        return stand.halt.kind  # type: ignore[return-value] # three of the slugs
    if stand.failing_since is not None:
        return "failed"
    if stand.sight is None or stand.is_loading:
        return "waiting"
    return "fresh" if stand.sight.is_fresh(at) else "stale"
