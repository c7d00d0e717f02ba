"""Instants for people: in their zone, with the zone named, and in words."""

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.shared.local_time import zone_name
from balances.core.instants import iso
from balances.pages.components.context import Moment

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def moment(instant: datetime, now: datetime) -> Moment:
    """Return an instant ready to be shown."""
    return Moment(iso(instant), full(instant), ago(now - instant))


def before(instant: datetime, at: datetime) -> Moment:
    """Return an instant as it is told on a page of the past, from which its age is measured."""
    age = ago(at - instant)
    words = f"{age.removesuffix(' ago')} before" if age.endswith(" ago") else "just before"
    return Moment(iso(instant), full(instant), words, is_still=True)


def full(instant: datetime) -> str:
    """Return `24 Nov 2026, 14:05 GMT` in the reader's zone."""
    local = timezone.localtime(instant)
    return f"{local.day} {local:%b %Y, %H:%M} {zone_name(local)}"


def short(instant: datetime, now: datetime) -> str:
    """Return `14:05 GMT`, with the day unless it is today's."""
    local = timezone.localtime(instant)
    if local.date() == timezone.localtime(now).date():
        return f"{local:%H:%M} {zone_name(local)}"
    return f"{local.day} {local:%b, %H:%M} {zone_name(local)}"


def ago(age: timedelta) -> str:
    """Return an age in words: the largest unit that fits, rounded down."""
    seconds = max(0, int(age.total_seconds()))
    if seconds < 10:
        return "just now"
    if seconds < _MINUTE:
        return f"{seconds} s ago"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min ago"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} h ago"
    return f"{seconds // _DAY} days ago"


def within(wait: timedelta) -> str:
    """Return the time by which something happens: `within 3 min`, rounded up."""
    return f"within {max(1, -(-wait // timedelta(minutes=1)))} min"


def every(seconds: int) -> str:
    """Return an interval in words: `5 min`."""
    for size, name in ((_DAY, "day"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {name}" + ("s" if name == "day" and count != 1 else "")
    return f"{seconds} s"


def at_most(span: timedelta) -> str:
    """Return a length of time in two units, rounded up: `45 s`, `9 min 51 s`, `26 h 5 min`."""
    seconds = -(-span // timedelta(seconds=1))
    if seconds < _HOUR:
        return _two(seconds, _MINUTE, "min", "s")
    if seconds <= 2 * _DAY:
        return _two(-(-seconds // _MINUTE), 60, "h", "min")
    return _two(-(-seconds // _HOUR), 24, "days", "h")


def _two(count: int, size: int, large: str, small: str) -> str:
    whole, rest = divmod(count, size)
    return " ".join([f"{whole} {large}"] * bool(whole) + [f"{rest} {small}"] * bool(rest))
