"""The stretch of time that a chart shows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from accounts.shared.local_time import local_instant
from balances.core.instants import EARLIEST
from balances.pages.components import times
from balances.series.buckets import CHOICES, Buckets, TooManyPointsError, buckets

_DAY = timedelta(hours=24)
#: Query value: label, length.
_LENGTHS = {
    "24h": ("24H", _DAY),
    "7d": ("7D", timedelta(days=7)),
    "30d": ("30D", timedelta(days=30)),
    "90d": ("90D", timedelta(days=90)),
    "ytd": ("YTD", None),
    "1y": ("1Y", timedelta(days=365)),
    "all": ("ALL", None),
}
LABELS = {name: label for name, (label, _) in _LENGTHS.items()}
DEFAULT = "7d"
#: What there is less than a day of fills this range better.
_YOUNG = "24h"


@dataclass(frozen=True, slots=True)
class Range:
    """From `start` to `end`, both aware; `typed` is what a custom form shows again.

    `step` is the one that was asked for, if any.
    """

    name: str
    start: datetime
    end: datetime
    typed: tuple[str, str] = ("", "")
    error: str = ""
    step: str = ""

    @property
    def buckets(self) -> Buckets:
        """Where its points lie, in the reader's zone."""
        step = None if self.error else CHOICES.get(self.step)
        return buckets(self.start, self.end, timezone.get_current_timezone(), step)

    @property
    def text(self) -> str:
        """Return the range in words, in the reader's zone."""
        return f"{times.full(self.start)} to {times.full(self.end)}"


def range_of(query: Mapping[str, str], *, now: datetime, first_seen: datetime | None) -> Range:
    """Return the range that a page's query asks for; what cannot be used is said, not guessed."""
    name = query.get("range") or _fitting(now, first_seen)
    if name == "custom":
        found = _custom(query.get("from", ""), query.get("to", ""), now)
    else:
        found = _named(name if name in _LENGTHS else DEFAULT, now, first_seen)
    return _stepped(found, query.get("step", ""))


def _fitting(now: datetime, first_seen: datetime | None) -> str:
    """Return the range that is shown unasked: of a new installation not an empty week."""
    is_young = first_seen is not None and first_seen > now - _DAY
    return _YOUNG if is_young else DEFAULT


def _stepped(found: Range, step: str) -> Range:
    if step not in CHOICES or found.error:
        return found
    found = replace(found, step=step)
    try:
        found.buckets  # noqa: B018 - whether there are any
    except TooManyPointsError as error:
        return replace(found, error=str(error))
    return found


def _named(name: str, now: datetime, first_seen: datetime | None) -> Range:
    length = _LENGTHS[name][1]
    if length is not None:
        return Range(name, now - length, now)
    local = timezone.localtime(now)
    start = local.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    if name == "all":
        start = min(first_seen or now, now - timedelta(hours=1))
    return Range(name, start.astimezone(UTC), now)


def _custom(start_text: str, end_text: str, now: datetime) -> Range:
    typed = (start_text[:40], end_text[:40])
    try:
        start, end = local_instant(start_text), local_instant(end_text)
    except ValueError:
        return _unusable(now, typed, "Give both times as year-month-day hour:minute.")
    if start >= end:
        return _unusable(now, typed, "From has to be earlier than To.")
    if start < EARLIEST or start > now:
        return _unusable(now, typed, "From has to lie between 2009 and now.")
    return Range("custom", start, min(end, now), typed)


def _unusable(now: datetime, typed: tuple[str, str], error: str) -> Range:
    return Range("custom", now - timedelta(days=7), now, typed, error)
