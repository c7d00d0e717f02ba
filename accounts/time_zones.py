"""Time zones: names that a server and every browser understand."""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

#: Names in a system's folder of zones that are no places: what the machine itself uses, and none.
_NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})


@cache
def zone_names() -> tuple[str, ...]:
    """Return the names of the IANA database, in order."""
    return tuple(sorted(available_timezones() - _NO_PLACES))


def is_zone(name: str) -> bool:
    """Whether a name is one of them, and can be used on this machine."""
    if name in _NO_PLACES:
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
