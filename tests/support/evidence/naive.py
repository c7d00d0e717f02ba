"""The ledger as nobody would build it: every slot and every poll kept whole, nothing clever.

It knows no database and nothing of runs, deltas or digests. The real store has to agree with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from balances.core.amounts import Level

TICK = timedelta(microseconds=1)
FAR_AWAY = datetime.max.replace(tzinfo=UTC)
Levels = Mapping[str, Level]


@dataclass(frozen=True)
class Slot:
    """One slot and what became of it."""

    at: datetime
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class Poll:
    """Everything that one fresh poll saw, and how long that counts as fresh."""

    observed_at: datetime
    levels: Levels
    fresh_for: timedelta

    def is_fresh(self, at: datetime) -> bool:
        return at - self.observed_at <= self.fresh_for


@dataclass(frozen=True)
class Stay:
    """From when on an account belongs to whom, and whether it counts in the sums."""

    began_at: datetime
    owner: str
    is_counted: bool = True
    is_archived: bool = False


@dataclass
class NaiveAccount:
    """One account's slots, one after the other, and its fresh polls, each whole."""

    next_slot: datetime | None
    interval: timedelta
    slots: list[Slot] = field(default_factory=list)
    polls: list[Poll] = field(default_factory=list)
    claimed: datetime | None = None
    tried: list[str] = field(default_factory=list)
    not_before: datetime | None = None
    claimed_until: datetime = FAR_AWAY
    halted: datetime | None = None
    is_archived: bool = False
    is_rescheduled: bool = False
    usual: timedelta | None = None
    attempted_at: datetime | None = None
    is_failing: bool = False
    stays: list[Stay] = field(default_factory=list)

    def claim(self, now: datetime) -> bool:
        """Miss all slots that are due but the newest, and take that."""
        if self.next_slot is None or self.claimed is not None or self.next_slot > now:
            return False
        if self.not_before is not None and self.not_before > now:
            return False
        while self.next_slot + self.interval <= now:
            self._miss(self.next_slot, "unclaimed")
            self.next_slot += self.interval
        self.claimed, self.next_slot = self.next_slot, self.next_slot + self.interval
        self.claimed_until = now + min(timedelta(seconds=120), self.interval * 0.8)
        return True

    def holds_claim(self, now: datetime) -> bool:
        """Whether an answer would still be in time."""
        return self.claimed is not None and now <= self.claimed_until

    def fresh(self, now: datetime, levels: Levels) -> None:
        """End the claimed slot: it was answered."""
        assert self.claimed is not None
        if self.usual is not None:
            self.interval, self.usual = self.usual, None
            self.next_slot = self.claimed + self.interval
        self.slots.append(Slot(self.claimed, "fresh"))
        self.tried = []
        self.see(max(now, self.claimed), levels)
        self.claimed = None

    def failed(self, reason: str) -> None:
        """End the claimed slot: it failed."""
        assert self.claimed is not None
        self.slots.append(Slot(self.claimed, "failed", reason))
        self.claimed, self.tried = None, []

    def rejected(self) -> None:
        """End the claimed slot: its key was rejected. The next one is an hour later."""
        assert self.claimed is not None
        if self.interval < timedelta(hours=1):
            self.interval, self.usual = timedelta(hours=1), self.interval
            self.next_slot, self.is_rescheduled = self.claimed + self.interval, True
        self.failed("key_rejected")

    def refreshed(self, now: datetime, levels: Levels) -> None:
        """See more than slots; a slow account is polled as usual again, at once."""
        self._as_usual(now)
        self.see(now, levels)

    def attempted(self, now: datetime, *, failed: bool) -> None:
        """Remember how the newest attempt ended, a refresh too."""
        self.attempted_at, self.is_failing = now, failed

    def failed_for_now(self, reason: str, now: datetime) -> None:
        """Try the claimed slot again when half the longest wait is over, if it has the time."""
        assert self.claimed is not None
        waits = [self.interval / 16, self.interval / 8, self.interval / 4]
        again = now + min(waits[len(self.tried)], timedelta(minutes=5)) / 2
        if len(self.tried) == 2 or again > self.claimed + self.interval * 0.8:
            self.failed(reason)
            return
        self.next_slot, self.not_before = self.claimed, again
        self.claimed = None
        self.tried.append(reason)

    def see(self, now: datetime, levels: Levels) -> None:
        """Keep a fresh poll; no two have the same instant, and it is today's owner's."""
        turned = self.stays[-1].began_at
        instant = max([now, turned, *(poll.observed_at + TICK for poll in self.polls[-1:])])
        self.polls.append(Poll(instant, levels, 2 * self.interval))

    def reap(self, now: datetime) -> None:
        """Miss the claimed slot if its time is over."""
        if self.claimed is not None and self.claimed_until < now:
            self._miss(self.claimed, "unfinished")
            self.claimed = None

    def give_back(self) -> None:
        """Let the claimed slot be claimed again."""
        self.next_slot, self.claimed = self.claimed, None

    def pause(self, now: datetime) -> None:
        """Stop, unless it stands still already."""
        if self.next_slot is not None:
            self._halt(now, "paused")

    def archive(self, now: datetime) -> None:
        """Stop for good."""
        if not self.is_archived:
            self._halt(now, "paused")
            self.is_archived = True
            self.turn(now, is_archived=True)

    def resume(self, now: datetime) -> None:
        """Go on at once, if it stands still."""
        if self.next_slot is None:
            assert self.halted is not None
            self.next_slot, self.is_archived = max(now, self.halted), False
            self.turn(now, is_archived=False)

    def reschedule(self, now: datetime, interval: timedelta) -> None:
        """Go on at once with another interval."""
        if self.next_slot is None or interval == (self.usual or self.interval):
            return
        if self.usual is not None and interval < self.interval:
            self.usual = interval
        else:
            self.usual = None
            self._halt(now, "unfinished")
            self.next_slot, self.interval, self.is_rescheduled = self.halted, interval, True

    def turn(self, now: datetime, **change: object) -> None:
        """Change owner, counting or archival from now on; a poll under way is missed."""
        after = replace(self.stays[-1], **change)  # type: ignore[arg-type]
        if after == self.stays[-1]:
            return
        self._discard("turned")
        turned_at = self._newest(now)
        if "owner" in change:
            self._try_anew(turned_at)
        self.stays.append(replace(after, began_at=turned_at))

    def turn_back(self, instant: datetime, now: datetime, **change: object) -> None:
        """Change them as of an instant in the past, for all time since."""
        if not self.stays[0].began_at < instant < self._newest(now):
            return
        before = [stay for stay in self.stays if stay.began_at <= instant]
        since = [replace(before[-1], began_at=instant), *self.stays[len(before) :]]
        changed = [replace(stay, **change) for stay in since]  # type: ignore[arg-type]
        if changed != since:
            self._discard("turned")
            if self.attempted_at is None or self.attempted_at < instant:
                self._try_anew(self._newest(now))
            self.stays = before + changed

    def whose(self, instant: datetime) -> Stay:
        """Return whose the account was at an instant."""
        return [stay for stay in self.stays if stay.began_at <= instant][-1]

    def _newest(self, now: datetime) -> datetime:
        seen = [poll.observed_at + TICK for poll in self.polls[-1:]]
        return max([now, self.stays[-1].began_at + TICK, *seen])

    def _try_anew(self, now: datetime) -> None:
        """Forget that it failed: its new owner has it tried at once."""
        was_failing, self.is_failing = self.is_failing, False
        if was_failing and self.usual is None and self.next_slot is not None:
            self._halt(now, "turned")
            self.next_slot = self.halted
        self._as_usual(now)

    def _as_usual(self, now: datetime) -> None:
        """Poll a slow account as often as usual again, at once."""
        if self.usual is None:
            return
        if self.next_slot is not None:
            self._halt(now, "unfinished")
            self.next_slot = self.halted
        self.interval, self.usual = self.usual, None

    def _discard(self, reason: str) -> None:
        if self.claimed is not None:
            self._miss(self.claimed, reason)
            self.claimed = None

    def at(self, instant: datetime) -> tuple[Poll, dict[str, Level]] | None:
        """Return the newest poll at or before an instant, and what it means with those before."""
        polls = [poll for poll in self.polls if poll.observed_at <= instant]
        levels: dict[str, Level] = {}
        for poll in polls:
            gone = {asset: Level(0, 0, 0, 0, level.scale) for asset, level in levels.items()}
            levels = {**gone, **poll.levels}
        return (polls[-1], levels) if polls else None

    def _halt(self, now: datetime, reason: str) -> None:
        self._discard(reason)
        while self.next_slot is not None and self.next_slot <= now:
            self._miss(self.next_slot, reason)
            self.next_slot += self.interval
        last = [slot.at + TICK for slot in self.slots[-1:]]
        self.halted = max([now, *last, *([self.halted] if self.halted else [])])
        self.next_slot = None

    def _miss(self, slot: datetime, reason: str) -> None:
        tried, self.tried = self.tried, []
        self.slots.append(
            Slot(slot, "failed", tried[-1]) if tried else Slot(slot, "missed", reason)
        )
