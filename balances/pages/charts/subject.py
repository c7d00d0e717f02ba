"""What a chart is about: one asset, over a reader's accounts or one of them, through time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.conf import settings

from accounts.access.querysets import Span
from balances.core.assets import Kind, environments_of
from balances.core.intervals import Spans, common, counts, joined
from balances.history import partial_keys
from balances.pages.charts import ranges
from balances.pages.charts.ranges import Range
from balances.portfolio.scope import Scope
from balances.series.coverage import known_spans
from balances.series.points import Point, along
from balances.series.rollup_sql import Reach


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
        return environments_of(self.asset, as_test_money=self.kind == "testnet")

    @cached_property
    def reach(self) -> Reach:
        """Whose amounts are added up."""
        return self.scope.reach(self.environments, in_totals=self.is_total)

    @cached_property
    def known(self) -> dict[int, list[Span]]:
        """By account, when it is in it and known."""
        return known_spans(self.spans)

    def partial(self, instants: Sequence[datetime]) -> list[int]:
        """Return how many of its keys were said to see only some wallets, at each instant."""
        said = partial_keys.partial_spans(self.known).items()
        limited = (one for pk, them in said for one in common(self.known[pk], joined(them)))
        return counts(limited, instants)


def subject(scope: Scope, asset: str, kind: Kind, *, is_total: bool = False) -> Subject:
    """Return a chart's subject."""
    environments = environments_of(asset, as_test_money=kind == "testnet")
    spans = scope.spans(in_totals=is_total, environments=environments)
    return Subject(scope, asset, kind, is_total, spans)


def range_for(of: Subject, query: Mapping[str, str], end: datetime) -> Range:
    """Return the range that a query asks for; named ones end at `end`, now or another instant."""
    spans = of.known.values() if query.get("range", "") in {"", "all"} else ()
    begins = [began for stays in spans for began, _ in stays]
    return ranges.range_of(query, now=end, first_seen=min(begins, default=None))


def points_at(of: Subject, instants: Sequence[datetime]) -> list[Point]:
    """Return the points of a chart; the instants ascend."""
    return along(of.reach, of.spans, of.known, of.asset, instants)


def first_to_show(pair: tuple[str, Kind]) -> tuple[Kind, int, str]:
    """Return the sort key by which an asset is shown until the reader chooses another."""
    preferred: list[str] = settings.HEADLINE_ASSETS
    asset, kind = pair
    return kind, preferred.index(asset) if asset in preferred else len(preferred), asset
