"""An account's runs and pauses over a stretch of time, newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from accounts.access.querysets import Span
from accounts.models import Account
from balances.core import number_formats
from balances.models import Pause, Run, Schedule
from balances.pages.account.context import RunRow
from balances.pages.components import times
from balances.pages.components.status_text import words_of

#: What the account's page shows.
LENGTH = timedelta(days=7)
MOST_ROWS = 60

_WORDS = {
    "fresh": "Fresh",
    "failed": "Failed",
    "missed": "Missed",
    "paused": "Paused",
    "archived": "Archived",
    "keyless": "No key",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of an account's time. `until` is empty while it goes on."""

    kind: str
    reason: str
    first: datetime
    until: datetime | None
    slots: int = 0
    interval_seconds: int = 0


def timeline(
    account: Account, now: datetime, spans: Sequence[Span], shown: str = "The last 7 days."
) -> tuple[tuple[RunRow, ...], str]:
    """Return the rows of the last week, newest first, and a note on what is not shown.

    Of time outside `spans` nothing is shown.
    """
    start = now - LENGTH
    stretches = [
        part for one in _joined(_stretches(account, start, now)) for part in _within(one, spans)
    ]
    found = sorted(stretches, key=lambda s: s.first, reverse=True)
    note = f"The newest {MOST_ROWS} of {len(found)} stretches." if len(found) > MOST_ROWS else ""
    rows = tuple(_row(stretch, start, now) for stretch in found[:MOST_ROWS])
    return rows, note or shown


def _stretches(account: Account, start: datetime, now: datetime) -> Iterator[Stretch]:
    for run in Run.objects.filter(account=account, last_slot__gte=start).order_by("first_slot"):
        yield Stretch(
            run.outcome, run.reason, run.span.lower, run.span.upper, run.slots, run.interval_seconds
        )
    schedule = Schedule.objects.filter(account=account).exclude(run_slots=0).first()
    if schedule is not None and schedule.run_first is not None:
        until = _end_of_open_run(schedule, now)
        if until is None or until >= start:
            yield Stretch(
                schedule.run_outcome, schedule.run_reason, schedule.run_first, until,
                schedule.run_slots, schedule.interval_seconds,
            )  # fmt: skip
    for pause in Pause.objects.filter(account=account):
        if pause.ended_at is None or pause.ended_at >= start:
            yield Stretch(pause.kind, "", pause.began_at, pause.ended_at)


def _end_of_open_run(schedule: Schedule, now: datetime) -> datetime | None:
    """Return where polls ended that no later one follows; nothing while they go on.

    A run stays open until the next slot is recorded, however long that takes.
    """
    interval = timedelta(seconds=schedule.interval_seconds)
    if schedule.run_last is None or now - schedule.run_last <= 2 * interval:
        return None
    return schedule.run_last + interval


def _within(stretch: Stretch, spans: Sequence[Span]) -> Iterator[Stretch]:
    """Yield the parts of a stretch within `spans`; a part does not tell the whole's polls."""
    for began, ended in spans:
        first = max(stretch.first, began)
        until = min((end for end in (stretch.until, ended) if end is not None), default=None)
        if until is not None and until <= first:
            continue
        is_whole = (first, until) == (stretch.first, stretch.until)
        yield replace(stretch, first=first, until=until, slots=stretch.slots if is_whole else 0)


def _joined(stretches: Iterator[Stretch]) -> list[Stretch]:
    """Put together what midnight alone has cut: a reader looks for changes, not for days."""
    found: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda s: s.first):
        before = found[-1] if found else None
        if before is not None and _goes_on(before, stretch):
            found[-1] = Stretch(
                before.kind, before.reason, before.first, stretch.until,
                before.slots + stretch.slots, before.interval_seconds,
            )  # fmt: skip
        else:
            found.append(stretch)
    return found


def _goes_on(before: Stretch, after: Stretch) -> bool:
    return before.until == after.first and (
        before.kind,
        before.reason,
        before.interval_seconds,
    ) == (
        after.kind,
        after.reason,
        after.interval_seconds,
    )


def _row(stretch: Stretch, start: datetime, now: datetime) -> RunRow:
    until = stretch.until
    seen_from, seen_until = max(stretch.first, start), min(until or now, now)
    return RunRow(
        kind=stretch.kind,  # type: ignore[arg-type] # outcomes and kinds of pauses
        word=_WORDS[stretch.kind],
        first=times.moment(stretch.first, now),
        until=None if until is None else times.moment(until, now),
        text=_span(stretch, now),
        slots=_slots(stretch),
        reason=words_of(stretch.reason) if stretch.reason else "",
        share=max(0, (seen_until - seen_from) * 1000 // LENGTH),
    )


def _span(stretch: Stretch, now: datetime) -> str:
    first = times.short(stretch.first, now)
    return f"{first} to {times.short(stretch.until, now)}" if stretch.until else f"since {first}"


def _slots(stretch: Stretch) -> str:
    if not stretch.slots:
        return ""
    polls = "1 poll" if stretch.slots == 1 else f"{number_formats.whole(stretch.slots)} polls"
    return f"{polls}, every {times.every(stretch.interval_seconds)}"
