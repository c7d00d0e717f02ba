"""The band of a page: which instant it is about, and how to get to another one."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.utils import timezone

from balances.core.instants import EARLIEST, iso
from balances.pages.as_of.instant import AsOf, long_text, other_one, start_of_day
from balances.pages.components.context import Band

_DAY = timedelta(days=1)


def band(asked: AsOf, page_url: str, query: Mapping[str, str], *, now_url: str = "") -> Band:
    """Return the band of a page that was asked for with `query`.

    It leads back to the same page, unless its reader has none now: then to `now_url`.
    """
    others = {name: text for name, text in asked.kept(query).items() if name != "at"}
    at = asked.at
    other = other_one(at) if asked.is_past else None
    date, time, typed = _form(asked, query)
    return Band(
        is_past=asked.is_past,
        text=long_text(at),
        iso=iso(at),
        zone=timezone.get_current_timezone_name(),
        aside=_aside(at) if asked.is_past else "",
        page_url=page_url,
        kept=tuple(others.items()),
        now_url=now_url or _address(page_url, others),
        before_url=_step(page_url, others, asked, -_DAY),
        after_url=_step(page_url, others, asked, _DAY) if asked.is_past else "",
        date=date,
        time=time,
        typed=typed,
        error=asked.error,
        other_text="" if other is None else long_text(other),
        other_url="" if other is None else address_at(page_url, others, other),
    )


def address_at(page_url: str, query: Mapping[str, str], at: datetime) -> str:
    """Return a page's address as of an instant."""
    return _address(page_url, {**query, "at": iso(at)})


def _address(page_url: str, query: Mapping[str, str]) -> str:
    return f"{page_url}?{urlencode(query)}" if query else page_url


def _step(page_url: str, query: Mapping[str, str], asked: AsOf, step: timedelta) -> str:
    """Return the address a day away by the reader's clocks, whatever a day's length."""
    at = (timezone.localtime(asked.at) + step).astimezone(UTC)
    return address_at(page_url, query, at) if EARLIEST <= at <= asked.now else ""


def _aside(at: datetime) -> str:
    """Return the zone, unless the time names it already, and of which day this is the end."""
    local, zone = timezone.localtime(at), timezone.get_current_timezone_name()
    named = [] if long_text(at).endswith(f" {zone}") else [zone]
    day = local - _DAY
    ends = [f"the end of {day.day} {day:%B}"] if start_of_day(local) == at else []
    return ", ".join([*named, *ends])


def _form(asked: AsOf, query: Mapping[str, str]) -> tuple[str, str, str]:
    """Return date, time, and what neither of the two fields could show."""
    if not asked.error:
        # Of today there is no end yet: from now one looks back at the end of yesterday.
        local = timezone.localtime(asked.at) - (timedelta() if asked.is_past else _DAY)
        clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
        return f"{local:%Y-%m-%d}", clock if asked.is_past else "", ""
    if query.get("at", "").strip():
        return "", "", asked.typed
    return query.get("date", "")[:40], query.get("time", "")[:40], ""
