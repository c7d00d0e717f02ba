"""Times as people type them: local, in the reader's zone."""

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
