"""The instant that a page is about: now, or what its reader asks for by `?at=`.

A local time is of the reader's zone: one that daylight saving skips is refused, one that comes
twice means the first. A date alone means the end of that day: the instant at which the next one
begins. With an offset, as links have it, an instant is exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.utils import timezone

from accounts.shared.local_time import zone_name
from balances.core.instants import EARLIEST, BadInstantError, instant_of, iso
from balances.pages.components import times

#: What is typed is shown again up to this length; no time is longer.
LONGEST = 40
_NAMES = frozenset({"at", "date", "time"})
_BETWEEN = "Give a time between 2009 and now."


class NoInstantError(Exception):
    """What was asked for is no instant that there is anything to show of; the message says why."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """The instant that a page is about; `typed` and `error` are what its form shows again."""

    at: datetime
    now: datetime
    is_past: bool = False
    typed: str = ""
    error: str = ""

    @property
    def iso(self) -> str:
        """The exact instant, as links carry it; nothing for now."""
        return iso(self.at) if self.is_past else ""

    @property
    def query(self) -> dict[str, str]:
        """The parameters that ask for the same."""
        return {"at": self.iso} if self.is_past else {}

    def kept(self, query: Mapping[str, str]) -> dict[str, str]:
        """Return a page's parameters with the instant said exactly, as its links have them."""
        return without_instant(query) | self.query


def asked(query: Mapping[str, str], *, now: datetime) -> AsOf:
    """Read a page's `at`, or `date` and `time` as its form sends them; nothing is now."""
    typed = typed_in(query)
    if not typed:
        return AsOf(now, now)
    try:
        return AsOf(_bounded(_instant(typed), now), now, is_past=True, typed=typed)
    except NoInstantError as error:
        return AsOf(now, now, typed=typed, error=str(error))


def typed_in(query: Mapping[str, str]) -> str:
    """Return the text of the instant that a query asks for."""
    if at := query.get("at", "").strip():
        return at[:LONGEST]
    date, time = query.get("date", "").strip(), query.get("time", "").strip()
    return (f"{date}T{time}" if time else date)[:LONGEST]


def without_instant(query: Mapping[str, str]) -> dict[str, str]:
    """Return a query's parameters but for those that say an instant."""
    return {name: text for name, text in query.items() if name not in _NAMES}


def is_typed_apart(query: Mapping[str, str]) -> bool:
    """Whether the instant comes from a form, which sends date and time."""
    return not query.get("at", "").strip() and ("date" in query or "time" in query)


def end_of_day(day: datetime) -> datetime:
    """Return the instant at which the day after a local time's day begins, in its zone."""
    return start_of_day(day + timedelta(days=1))


def start_of_day(day: datetime) -> datetime:
    """Return the instant at which a local time's day begins, in its zone."""
    # Where midnight is skipped, this is the instant at which it was.
    return day.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def _instant(typed: str) -> datetime:
    # A plus that was not encoded arrives as a space.
    text = typed.replace(" ", "+") if "T" in typed else typed
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise NoInstantError("Give a date, or a time as year-month-day hour:minute.") from None
    if parsed.tzinfo is not None:
        return _exact(text)
    local = _local(parsed)
    if _is_date(text):
        return end_of_day(local)
    if _clocks(local.astimezone(UTC)) != parsed:
        raise NoInstantError(_skipped(local))
    return local.astimezone(UTC)


def _is_date(text: str) -> bool:
    """Whether a text that is an instant names a day alone, in whichever of ISO's ways."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _exact(text: str) -> datetime:
    try:
        return instant_of(text, now=EARLIEST)
    except BadInstantError:
        raise NoInstantError(_BETWEEN) from None


def _local(parsed: datetime) -> datetime:
    """Return a local time in the reader's zone, the first where there are two."""
    # The first and the last years may not exist in another zone.
    if not 1 < parsed.year < 9998:
        raise NoInstantError(_BETWEEN)
    return parsed.replace(tzinfo=timezone.get_current_timezone(), fold=0)


def _clocks(instant: datetime) -> datetime:
    """Return what the reader's clocks show at an instant."""
    return timezone.localtime(instant).replace(tzinfo=None, fold=0)


def _skipped(local: datetime) -> str:
    zone = timezone.get_current_timezone_name()
    return (
        f"There was no {local:%H:%M} on {local.day} {local:%b %Y} in {zone}: clocks went forward."
    )


def _bounded(instant: datetime, now: datetime) -> datetime:
    if instant < EARLIEST:
        raise NoInstantError(_BETWEEN)
    if instant > now:
        text = times.full(instant)
        raise NoInstantError(f"{text} has not come yet. Give a time of the past.")
    return instant


def other_one(at: datetime) -> datetime | None:
    """Return the other instant at which the reader's clocks showed the same, if there is one."""
    local = timezone.localtime(at)
    other = local.replace(fold=1 - local.fold).astimezone(UTC)
    return other if other != at and _clocks(other) == _clocks(at) else None


def long_text(at: datetime) -> str:
    """Return `29 March 2026, 10:00 BST`, with what seconds it has, in the reader's zone.

    Of a second a part has six places, so that instants below each other compare.
    """
    local = timezone.localtime(at)
    seconds = f"{local:%H:%M:%S.%f}" if local.microsecond else ""
    clock = seconds or (f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}")
    return f"{local.day} {local:%B %Y}, {clock} {zone_name(local)}"
