"""What a chart is about: one asset, over a reader's accounts or one of them, through time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from accounts.access import Span
from balances import ranges, wholeness
from balances.pieces import Reach
from balances.portfolio import Kind
from balances.presence import Spans, common, counter, joined, known_spans
from balances.ranges import Range
from balances.scopes import Scope
from balances.series import Point, along
from balances.testnet import environments_of


@dataclass(frozen=True)
class Subject:
    """One asset, as one kind of money: real money and test money of one name stay apart.

    Each account is in it only while it was the reader's and, in a total, while it counted; so one
    that was given away or archived is in a total up to then.
    """

    scope: Scope
    asset: str
    kind: Kind
    is_total: bool
    spans: Spans

    @property
    def ids(self) -> list[int]:
        """The ids of the accounts in it, at whatever time."""
        return list(self.spans)

    @property
    def environments(self) -> tuple[str, ...]:
        """Where the asset is this kind of money."""
        return environments_of(self.asset, is_test_money=self.kind == "testnet")

    @cached_property
    def reach(self) -> Reach:
        """Whose amounts are added up."""
        return self.scope.reach(self.environments, in_totals=self.is_total)

    @cached_property
    def known(self) -> dict[int, list[Span]]:
        """By account, when it is in it and known."""
        return known_spans(self.ids, self.spans)

    @cached_property
    def partial(self) -> Callable[[datetime], int]:
        """How many of its accounts' keys were said to see only some wallets, at an instant."""
        said = wholeness.partial_spans(self.known)
        return counter(
            span for pk, spans in said.items() for span in common(self.known[pk], joined(spans))
        )


def subject(scope: Scope, asset: str, kind: Kind, *, is_total: bool = False) -> Subject:
    """Return a chart's subject."""
    environments = environments_of(asset, is_test_money=kind == "testnet")
    spans = scope.spans(in_totals=is_total, environments=environments)
    return Subject(scope, asset, kind, is_total, spans)


def range_for(of: Subject, query: Mapping[str, str], end: datetime) -> Range:
    """Return the range that a query asks for; named ones end at `end`, now or another instant."""
    spans = of.known.values() if query.get("range") == "all" else ()
    begins = [began for stays in spans for began, _ in stays]
    return ranges.range_of(query, now=end, first_seen=min(begins, default=None))


def points_at(of: Subject, instants: Sequence[datetime]) -> list[Point]:
    """Return the points of a chart; the instants ascend."""
    return along(of.reach, of.known, of.asset, instants)
