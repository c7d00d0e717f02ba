"""Times as people type and read them: local, in the reader's zone."""

from datetime import UTC, datetime

from django.utils import timezone


def local_instant(text: str) -> datetime:
    """Return the instant of a local time in the reader's zone. Raise `ValueError`.

    An hour that comes twice means its first; one that daylight saving skips means the time as
    much later.
    """
    local = datetime.fromisoformat(text)
    # The first and the last year that there is may not exist in another zone.
    if local.tzinfo is not None or not 1 < local.year < 9999:
        raise ValueError(text)
    zone = timezone.get_current_timezone()
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def exact(instant: datetime) -> str:
    """Return `24 Nov 2026, 14:05:09 GMT` in the reader's zone."""
    local = timezone.localtime(instant)
    return f"{local.day} {local:%b %Y, %H:%M:%S} {zone_name(local)}"


def zone_name(local: datetime) -> str:
    """Return the abbreviation of a local time's zone, or its offset where there is none."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{name[:3]}:{name[3:5] or '00'}"
