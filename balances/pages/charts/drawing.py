"""What the browser draws of a chart. Amounts are text; a null is unknown, never zero."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.models import ApiKey
from balances.core.amounts import digits_of, plain_decimal
from balances.models import Run, Schedule
from balances.pages.charts.ranges import Range
from balances.pages.charts.subject import Subject, points_at
from balances.pages.components.status_text import words_of
from balances.series.points import Point

AMOUNTS = ("total", "available", "pending_in", "pending_out")
#: So many accounts are named in one mark, and so many marks are listed: the newest.
MOST_NAMES, MOST_MARKS = 3, 60


def drawing(of: Subject, shown: Range, zone: str) -> dict[str, Any]:
    """Return the points of a chart with all that is drawn beside them."""
    found = points_at(of, shown.buckets.points)
    scale = next((point.level.scale for point in found if point.level), 1)
    return {
        "asset": of.asset,
        "places": digits_of(scale),
        "zone": zone,
        "step": shown.buckets.text,
        "band": band_text(of),
        "at": [int(point.at.timestamp()) for point in found],
        **{name: [amount(point, name) for point in found] for name in AMOUNTS},
        "low": [extreme(point, point.low) for point in found],
        "high": [extreme(point, point.high) for point in found],
        "seen": [point.seen for point in found],
        "fresh": [point.fresh for point in found],
        "expected": [point.expected for point in found],
        "unknown": [point.unknown for point in found],
        "partial": of.partial([point.at for point in found]),
        "marks": _marks(of, shown),
        "failures": list(_failures(of, shown)),
    }


def amount(point: Point, name: str) -> str | None:
    """Return one of the four amounts of a point as text."""
    if point.level is None:
        return None
    return plain_decimal(getattr(point.level, name), point.level.scale)


def extreme(point: Point, units: int | None) -> str | None:
    """Return the lowest or highest total on the way to a point as text."""
    if point.level is None or units is None:
        return None
    return plain_decimal(units, point.level.scale)


def band_text(of: Subject) -> str:
    """Say what lowest and highest totals are of."""
    if of.reach.is_one_account:
        return "The band is from the lowest to the highest total since the point before."
    return (
        "The band is from the lowest to the highest total at the end of any hour since the point"
        " before; what several accounts held within an hour is not added up."
    )


def _marks(of: Subject, shown: Range) -> list[dict[str, Any]]:
    """Return who joined or left and which keys ended, so that no step is taken for a gain."""
    told = sorted([*_joined_and_left(of, shown), *_keys(of, shown)])[-MOST_MARKS:]
    return [
        {"at": int(at.timestamp()), "n": number, "text": text}
        for number, (at, text) in enumerate(told, 1)
    ]


def _joined_and_left(of: Subject, shown: Range) -> Iterator[tuple[datetime, str]]:
    """Yield a mark for all who joined, or left, at one instant."""
    found: dict[tuple[datetime, str], list[int]] = defaultdict(list)
    for account_id, spans in of.known.items():
        for span in spans:
            for at, word in zip(span, ("joined", "left"), strict=True):
                if at is not None and shown.start < at <= shown.end:
                    found[at, word].append(account_id)
    newest = sorted(found)[-MOST_MARKS:]
    labels = of.scope.labels({i for key in newest for i in found[key][:MOST_NAMES]})
    for at, word in newest:
        ids = found[at, word]
        yield at, f"{_names(sorted(labels[i] for i in ids[:MOST_NAMES]), len(ids))} {word}"


def _names(labels: Sequence[str], count: int) -> str:
    more = count - len(labels)
    return ", ".join(labels) + (f" and {more} more" if more else "")


def _keys(of: Subject, shown: Range) -> Iterator[tuple[datetime, str]]:
    """Yield the keys of one account that ended while it was the reader's."""
    if of.is_total:
        return
    ended = ApiKey.objects.filter(
        account__in=of.ids, replaced_at__gt=shown.start, replaced_at__lte=shown.end
    )
    for key in ended:
        if key.replaced_at is not None and _is_theirs(of, key.account_id, key.replaced_at):
            yield key.replaced_at, "Key revoked" if key.is_revoked else "Key replaced"


def _is_theirs(of: Subject, account_id: int, at: datetime) -> bool:
    return any(a <= at and (b is None or at < b) for a, b in of.spans[account_id])


def _failures(of: Subject, shown: Range) -> Iterator[dict[str, Any]]:
    """Yield when the polls of one account failed or were missed, and why."""
    if of.is_total:
        return
    spans = [span for stays in of.spans.values() for span in stays]
    for outcome, reason, lower, upper in [*_open_run(of), *_runs(of, shown)]:
        for began, ended in spans:
            first = max(lower, began, shown.start)
            until = min(upper, ended or shown.end, shown.end)
            if first < until:
                text = f"{outcome.capitalize()}: {words_of(reason)}"
                yield {"from": int(first.timestamp()), "to": int(until.timestamp()), "text": text}


def _open_run(of: Subject) -> Iterator[tuple[str, str, datetime, datetime]]:
    # What fails now is in no run yet: it goes on until midnight, or until it ends.
    going_on = Schedule.objects.filter(account__in=of.ids, run_slots__gt=0)
    for one in going_on.exclude(run_outcome="fresh"):
        if one.run_first is not None and one.run_last is not None:
            until = one.run_last + timedelta(seconds=one.interval_seconds)
            yield one.run_outcome, one.run_reason, one.run_first, until


def _runs(of: Subject, shown: Range) -> Iterator[tuple[str, str, datetime, datetime]]:
    runs = Run.objects.filter(account__in=of.ids, span__overlap=(shown.start, shown.end))
    for run in runs.exclude(outcome="fresh").order_by("-first_slot")[:MOST_MARKS]:
        yield run.outcome, run.reason, run.span.lower, run.span.upper
