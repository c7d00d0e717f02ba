"""Charts: which accounts and asset over which range, as points for drawing and as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from accounts.access import Span
from accounts.cells import text_cell
from accounts.models import Account, User
from balances import moments, ranges
from balances.amounts import digits_of, plain_decimal
from balances.buckets import MOST_POINTS
from balances.instants import iso
from balances.portfolio import Kind
from balances.presence import Spans, known_spans
from balances.ranges import Range
from balances.rows import figures
from balances.scopes import Scope
from balances.screens import Chart, Choice, SeriesRow
from balances.series import Point, evenly, series
from balances.testnet import is_testnet

#: Lines of the table below a chart.
TABLE_ROWS = 25


@dataclass(frozen=True, slots=True)
class Subject:
    """What a chart shows: one asset, over the accounts in which it is that kind of money.

    Each account is in it only while it was the reader's and, in a total, while it counted.
    """

    accounts: tuple[Account, ...]
    asset: str
    kind: Kind
    spans: Spans

    @property
    def ids(self) -> list[int]:
        """The ids of the accounts in it."""
        return [account.pk for account in self.accounts]


def subject(
    user: User, accounts: Sequence[Account], asset: str, kind: Kind, *, is_total: bool = False
) -> Subject:
    """Return a chart's subject: real money and test money of one name stay apart."""
    fitting = tuple(a for a in accounts if is_testnet(a, asset) == (kind == "testnet"))
    scope = Scope(user, only=frozenset(account.pk for account in fitting))
    return Subject(fitting, asset, kind, scope.spans(in_totals=is_total))


def range_for(of: Subject, query: Mapping[str, str], now: datetime) -> Range:
    """Return the range that a query asks for."""
    known = known_spans(of.ids, of.spans) if query.get("range") == "all" else {}
    begins = [began for spans in known.values() for began, _ in spans]
    return ranges.range_of(query, now=now, first_seen=min(begins, default=None))


def points(of: Subject, shown: Range, most: int = MOST_POINTS) -> list[Point]:
    """Return the points of a chart, evenly over its range."""
    return series(of.ids, of.asset, evenly(shown.start, shown.end, most), of.spans)


def drawing(of: Subject, shown: Range, zone: str) -> dict[str, Any]:
    """Return what the browser draws. Amounts are text; a null is unknown, never zero."""
    found = points(of, shown)
    scale = next((point.level.scale for point in found if point.level), 1)
    return {
        "asset": of.asset,
        "places": digits_of(scale),
        "zone": zone,
        "at": [int(point.at.timestamp()) for point in found],
        **{name: [_text(point, name) for point in found] for name in _AMOUNTS},
        "seen": [point.seen for point in found],
        "fresh": [point.fresh for point in found],
        "expected": [point.expected for point in found],
        "marks": _marks(of, shown),
    }


_AMOUNTS = ("total", "available", "pending_in", "pending_out")


def _text(point: Point, name: str) -> str | None:
    if point.level is None:
        return None
    return plain_decimal(getattr(point.level, name), point.level.scale)


def _marks(of: Subject, shown: Range) -> list[dict[str, Any]]:
    """Return who joined or left within the range, so that no step is taken for a gain or loss."""
    labels = {account.pk: account.label for account in of.accounts}
    edges = sorted(
        (at, f"{labels[account_id]} {word}")
        for account_id, spans in known_spans(of.ids, of.spans).items()
        for span in spans
        for at, word in zip(span, ("joined", "left"), strict=True)
        if at is not None and shown.start < at <= shown.end
    )
    return [
        {"at": int(at.timestamp()), "n": number, "text": text}
        for number, (at, text) in enumerate(edges, 1)
    ]


def csv_rows(of: Subject, shown: Range) -> list[list[str]]:
    """Return the same points as lines of a file, header first."""
    header = ["at", "asset", *_AMOUNTS, "coverage", "fresh accounts", "accounts"]
    return [
        header,
        *(
            [
                iso(point.at),
                text_cell(of.asset),
                *(_text(point, name) or "" for name in _AMOUNTS),
                point.seen,
                str(point.fresh),
                str(point.expected),
            ]
            for point in points(of, shown)
        ),
    ]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a chart stands: its page, where points and CSV are fetched, and what may be chosen."""

    page_url: str
    series_url: str
    csv_url: str
    choices: Sequence[tuple[str, Kind]]
    zone: str
    #: What else every address of the chart says: which accounts it is about.
    kept: Mapping[str, str] = field(default_factory=dict)


def chart(of: Subject, shown: Range, frame: Frame, now: datetime) -> Chart:
    """Return a chart's controls and its table."""
    query = {**frame.kept, **_query(of.asset, of.kind, shown)}
    return Chart(
        series_url=f"{frame.series_url}?{urlencode(query)}",
        csv_url=f"{frame.csv_url}?{urlencode(query)}",
        ranges=tuple(
            Choice(label, _link(frame.page_url, query, range=name), name == shown.name)
            for name, label in ranges.LABELS.items()
        ),
        assets=tuple(
            Choice(
                asset,
                _link(frame.page_url, query, asset=asset, kind=kind),
                (asset, kind) == (of.asset, of.kind),
            )
            for asset, kind in frame.choices
        ),
        asset=of.asset,
        rows=_table(of, shown, now),
        zone=frame.zone,
        start=shown.typed[0],
        end=shown.typed[1],
        error=shown.error,
        shown_range=shown.text,
    )


def _query(asset: str, kind: Kind, shown: Range) -> dict[str, str]:
    query = {"asset": asset, "kind": kind, "range": shown.name}
    if shown.name == "custom":
        query |= {"from": shown.typed[0], "to": shown.typed[1]}
    return query


def _link(base_url: str, query: Mapping[str, str], **changes: str) -> str:
    wanted = {**query, **changes}
    if wanted["range"] != "custom":
        wanted = {name: text for name, text in wanted.items() if name not in {"from", "to"}}
    return f"{base_url}?{urlencode(wanted)}"


def _table(of: Subject, shown: Range, now: datetime) -> tuple[SeriesRow, ...]:
    found = points(of, shown, TABLE_ROWS)
    return tuple(
        SeriesRow(
            moments.moment(point.at, now),
            None if point.level is None else figures(point.level),
            _coverage(point),
        )
        for point in reversed(found)
    )


def _coverage(point: Point) -> str:
    if point.level is None:
        return "unknown"
    return f"{point.fresh} of {point.expected} fresh"


def change_over(of: Subject, length: timedelta, now: datetime) -> tuple[list[Point], list[str]]:
    """Return first and last point over `length` of the accounts known all along.

    The labels are those of accounts that joined since: what they brought is no gain.
    """
    start = now - length
    known = known_spans(of.ids, of.spans)
    steady = [i for i, spans in known.items() if any(_holds(span, start, now) for span in spans)]
    here = {i for i, spans in known.items() if any(_holds(span, now, now) for span in spans)}
    joined = [a.label for a in of.accounts if a.pk in here and a.pk not in steady]
    found = series(steady, of.asset, [start, now], of.spans) if steady else []
    return found, joined


def _holds(span: Span, start: datetime, end: datetime) -> bool:
    return span[0] <= start and (span[1] is None or end < span[1])
