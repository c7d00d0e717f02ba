"""One subject in two periods: its levels at their starts and ends, and how far each moved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from balances.history import partial_keys
from balances.history.observations import sights
from balances.pages.as_of.instant import AsOf
from balances.pages.charts import ranges
from balances.pages.charts.ranges import Range
from balances.pages.compare import overlay
from balances.pages.compare.context import ComparePage, SideNote, TimeField
from balances.pages.compare.names import naming
from balances.pages.compare.query import TIMES, Question, owners_asked
from balances.pages.compare.rows import (
    Columns,
    Row,
    assets_in,
    drawn,
    partial_note,
    tables,
    unknown_note,
)
from balances.pages.compare.sides import Side, Told, account_side, group_side, less
from balances.portfolio.change import moved, names, throughout
from balances.portfolio.filters import NAMES
from balances.portfolio.levels_at import Asset, Then, labels

_LABELS = {"from": "A from", "to": "A to", "from2": "B from", "to2": "B to"}
_COLUMNS = Columns(
    ("Start", "End", "Change", "Start", "End", "Change", "Difference of the changes"),
    frozenset({2, 5, 6}),
)
#: Without times: the last thirty days, and the thirty before them.
_USUAL = timedelta(days=30)


def periods_page(of: Question, asked: AsOf) -> ComparePage:
    """Return the comparison. Raise `NoSideError`."""
    periods, typed = _periods(of, asked)
    wrong = [letter for letter, period in zip("AB", periods, strict=True) if period.error]
    error = next((f"{one}: {p.error}" for one, p in zip("AB", periods, strict=True) if p.error), "")
    fields = tuple(
        TimeField(name, _LABELS[name], typed[name], is_wrong=_LABELS[name][0] in wrong)
        for name in TIMES
    )
    named = naming(of, asked)
    form = ComparePage(of.by, of.tabs, owners_asked(of, asked), fields, of.kept, named, error=error)
    side = _side(of, asked)
    return form if form.is_wrong else _compared(of, side, periods, form)


def _side(of: Question, asked: AsOf) -> Side:
    if "account" in of.text:
        return account_side(of.user, of.text["account"], asked)
    return group_side(of.user, **{name: of.text.get(name, "") for name in NAMES})


def _periods(of: Question, asked: AsOf) -> tuple[list[Range], dict[str, str]]:
    typed = {name: of.text.get(name, "") for name in TIMES}
    if not any(typed.values()):
        now = asked.at.replace(second=0, microsecond=0)
        usual = (now - _USUAL, now, now - 2 * _USUAL, now - _USUAL)
        typed = {
            name: f"{timezone.localtime(one):%Y-%m-%dT%H:%M}"
            for name, one in zip(TIMES, usual, strict=True)
        }
    pairs = (("from", "to"), ("from2", "to2"))
    return [
        ranges.range_of(
            {"range": "custom", "from": typed[start], "to": typed[end]},
            now=asked.at,
            first_seen=None,
        )
        for start, end in pairs
    ], typed


@dataclass(frozen=True, slots=True)
class Ends:
    """What a side held at both ends of a period, and who was in it all along."""

    period: Range
    before: Then
    after: Then
    steady: set[int]

    @property
    def change(self) -> Told:
        """Return how far those moved who were in it all along; of all others nothing is known."""
        where = {
            **self.before.known,
            **self.before.unknown,
            **self.after.known,
            **self.after.unknown,
        }
        return Told(
            moved(self.before, self.after, self.steady) or {},
            frozenset(environment for pk, environment in where.items() if pk in self.steady),
            frozenset(environment for pk, environment in where.items() if pk not in self.steady),
        )


def _ends(side: Side, period: Range) -> Ends:
    before, after = side.then(period.start), side.then(period.end)
    known = before.known.keys() & after.known.keys()
    return Ends(period, before, after, throughout(side.spans(), known, period.start, period.end))


def _compared(of: Question, side: Side, periods: Sequence[Range], form: ComparePage) -> ComparePage:
    ends = [_ends(side, period) for period in periods]
    rows = _rows(ends)
    shown = drawn(of, list(rows))
    return replace(
        form,
        sides=tuple(
            SideNote(letter, one.period.text, "", _notes(side, one))
            for letter, one in zip("AB", ends, strict=True)
        ),
        heads=_COLUMNS.heads,
        tables=tables(of, rows, _COLUMNS, shown),
        overlay=overlay.of_periods(of, side, periods, shown) if shown else None,
        hint="" if rows else "Nothing was held at the ends of these periods, as far as is known.",
    )


def _rows(ends: Sequence[Ends]) -> dict[Asset, Row]:
    told = [(Told.at(one.before), Told.at(one.after), one.change) for one in ends]
    assets = assets_in(held.levels for before, after, _ in told for held in (before, after))
    return {asset: _row(asset, told) for asset in assets}


def _row(asset: Asset, told: Sequence[tuple[Told, Told, Told]]) -> Row:
    first, second = (tuple(one.of(asset) for one in period) for period in told)
    return *first, *second, less(first[2], second[2])


def _notes(side: Side, ends: Ends) -> tuple[str, ...]:
    start, end = ends.period.start, ends.period.end
    joined = labels(side.scope, end, ends.after.known.keys() - ends.steady)
    left = labels(side.scope, start, ends.before.known.keys() - ends.after.known.keys())
    return (
        *((f"{names(joined)} joined, which is no gain: not in the change.",) if joined else ()),
        *((f"{names(left)} left, which is no loss: not in the change.",) if left else ()),
        *unknown_note(labels(side.scope, end, ends.after.unknown)),
        *partial_note(
            sorted({*_partial(side, start, ends.before), *_partial(side, end, ends.after)})
        ),
    )


def _partial(side: Side, at: datetime, then: Then) -> tuple[str, ...]:
    return labels(side.scope, at, partial_keys.partial_among(sights(list(then.known), at), at))
