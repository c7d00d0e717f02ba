"""One asset over all accounts that its reader sees, or those asked for, now or as of an instant."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from balances.core.amounts import Level
from balances.core.assets import Kind
from balances.pages.as_of.instant import AsOf
from balances.pages.asset.context import AssetPage
from balances.pages.asset.rows import Rows, by_owner, holdings_of
from balances.pages.charts import chart
from balances.pages.charts import subject as charts_subject
from balances.pages.charts.chart import Frame
from balances.pages.charts.context import Chart
from balances.pages.charts.subject import Subject
from balances.pages.components.changes import Change
from balances.pages.components.tables import (
    accounts_in_words,
    asset_url,
    coverage_of,
    figures,
    scope_text,
    some,
)
from balances.pages.query import page_query
from balances.pages.query.selection import fitting, gathered, holding
from balances.portfolio.change import PERIODS, between
from balances.portfolio.known_assets import kinds_held
from balances.portfolio.levels_at import NOTHING
from balances.portfolio.members import Member, counting, total
from balances.portfolio.scope import Scope
from balances.portfolio.totals import covered, held_and_fresh

_LONGEST_NAME = 128
_OTHER: dict[Kind, Kind] = {"production": "testnet", "testnet": "production"}


class Question(page_query.Question):
    """What a reader asks the page for: which asset, of whose accounts, and how it is shown."""

    @property
    def asset(self) -> str:
        """The name of the asset."""
        # PostgreSQL's text has no NUL.
        return self.text.get("asset", "")[:_LONGEST_NAME].replace("\0", "")

    @property
    def kind(self) -> Kind:
        """As what kind of money it is asked for."""
        return "testnet" if self.text.get("kind") == "testnet" else "production"

    @property
    def exists(self) -> bool:
        """Whether any account of the reader's ever held the asset, as that kind of money."""
        return self.kind in kinds_held(Scope(self.scope.user), self.asset)


def asset_page(of: Question, asked: AsOf, *, with_chart: bool = True) -> AssetPage:
    """Return the page of an asset that exists."""
    version = of.version(asked.at)  # before the figures, as in the overview
    members = fitting(gathered(of.scope, asked, of.asset), of.asset, of.kind)
    present, gone = holdings_of(members, of.asset)
    whole = _whole(members, of.asset)
    there = covered(counting(members), asked.at)
    held = held_and_fresh([one for one in present if one[0].is_counted], asked.at)
    owners = by_owner(present)
    subject = charts_subject.subject(of.scope, of.asset, of.kind, is_total=True)
    paged = of.paged([(owner, one) for owner in owners for one in owner.holdings])
    return AssetPage(
        asset=of.asset,
        kind=of.kind,
        scope=scope_text(_which(of), of.kind),
        figures=None if whole is None else figures(whole),
        coverage=coverage_of(there.held_by(*held), asked.at),
        changes=_changes(subject, asked.at),
        chart=_chart(of, subject, asked) if with_chart else None,
        groups=Rows(whole, asked.at).groups(paged.shown()),
        pages=paged.pages(),
        owners=len(owners),
        holders=accounts_in_words(len(present)) if present else "",
        gone=some(gone, asked.at),
        unknown=some([m for m in members if not m.is_known], asked.at),
        other_url=_other_url(of, asked),
        compare_url=_compare_url(of),
        narrowed=of.narrowed(asked),
        empty_text=_empty_text(of, members, asked),
        version=version,
        fragment_url="" if asked.is_past else of.fragment_url(version),
    )


def _whole(members: Sequence[Member], asset: str) -> Level | None:
    """Return what is held in totals; unknown while no account that counts is known."""
    known = [one for one in counting(members) if one.is_known]
    held = [found for one in known if (found := holding(one, asset)) is not None]
    return total(held) if held else NOTHING if known else None


def _which(of: Question) -> str:
    return "chosen" if of.scope.narrowing.query else "all"


def _changes(subject: Subject, at: datetime) -> tuple[Change, ...]:
    starts = [at - length for _, length in PERIODS]
    moved = between(subject.scope, subject.known, subject.asset, starts, at)
    return tuple(
        Change(words, one.amount, one.direction, one.note, one.share)
        for (words, _), one in zip(PERIODS, moved, strict=True)
    )


def _chart(of: Question, subject: Subject, asked: AsOf) -> Chart:
    frame = Frame(
        page_url=reverse("asset"),
        series_url=reverse("series"),
        csv_url=reverse("series-csv"),
        choices=(),
        zone=of.scope.user.time_zone,
        kept=of.kept(asked),
    )
    shown = charts_subject.range_for(subject, of.text, asked.at)
    return chart.chart(subject, shown, frame, asked.at)


def _other_url(of: Question, asked: AsOf) -> str:
    other = _OTHER[of.kind]
    if other not in kinds_held(of.scope, of.asset):
        return ""
    return asset_url(of.asset, other, of.kept(asked))


def _compare_url(of: Question) -> str:
    query = {"by": "periods", **of.scope.narrowing.query, "asset": of.asset, "kind": of.kind}
    return f"{reverse('compare')}?{urlencode(query)}"


def _empty_text(of: Question, members: Sequence[Member], asked: AsOf) -> str:
    if not members:
        return "No account matches this filter." if of.scope.narrowing.query else "No account."
    held = "held" if asked.is_past else "holds"
    return f"None of these accounts {held} {of.asset}{' then' if asked.is_past else ' now'}."
