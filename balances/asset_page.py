"""One asset over all accounts that its reader sees, or those asked for, now or as of an instant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from accounts.compiled import ids_of
from accounts.models import User
from balances import charts, subjects
from balances.amounts import Level
from balances.as_of_query import AsOf
from balances.asset_rows import Rows, holdings_of
from balances.asset_scope import kinds_held
from balances.asset_screens import AssetPage
from balances.between import PERIODS, between
from balances.change_screens import Change
from balances.charts import Frame
from balances.gathering import accounts_of, fitting, gathered, holding, questions
from balances.narrowing import NAMES, Narrowing
from balances.portfolio import Kind, Member, counting, total
from balances.rows import asset_url, coverage, figures
from balances.scopes import Scope
from balances.screens import Chart, Narrowed
from balances.then import NOTHING
from balances.versions import version_of

_OTHER: dict[Kind, Kind] = {"production": "testnet", "testnet": "production"}


@dataclass(frozen=True, slots=True)
class Question:
    """What a reader asks the page for: which asset, of whose accounts, and how it is shown."""

    scope: Scope
    asset: str
    kind: Kind
    text: Mapping[str, str]

    @classmethod
    def of(cls, user: User, asked: Mapping[str, str]) -> "Question":
        """Read a page's query."""
        text = {n: value for n, value in asked.items() if value and n not in {"version", "open"}}
        kind: Kind = "testnet" if text.get("kind") == "testnet" else "production"
        asset = text.get("asset", "")[:128].replace("\0", "")
        return cls(Scope(user, Narrowing.of(text)), asset, kind, text)

    @property
    def exists(self) -> bool:
        """Whether any account of the reader's ever held the asset, as that kind of money."""
        return self.kind in kinds_held(Scope(self.scope.user), self.asset)


def version(of: Question, now: datetime) -> str:
    """Return the version of an asset's figures."""
    return version_of(ids_of(accounts_of(of.scope)), now, urlencode(sorted(of.text.items())))


def asset_page(of: Question, asked: AsOf, *, with_chart: bool = True) -> AssetPage:
    """Return the page of an asset that exists."""
    current_version = version(of, asked.at)  # before the figures, as in the overview
    members = fitting(gathered(of.scope, asked, of.asset), of.asset, of.kind)
    present, gone = holdings_of(members, of.asset)
    whole = _whole(members, of.asset)
    rows = Rows(whole, asked.at)
    return AssetPage(
        asset=of.asset,
        kind=of.kind,
        scope=f"{_which(of)}, {of.kind}",
        figures=None if whole is None else figures(whole),
        coverage=coverage(counting(members), asked.at),
        changes=_changes(of, asked.at),
        chart=_chart(of, asked) if with_chart else None,
        groups=rows.groups(present),
        holders=len(present),
        gone=rows.named(gone),
        unknown=rows.named(m for m in members if not m.is_known),
        other_url=_other_url(of, asked),
        compare_url=_compare_url(of),
        narrowed=_narrowed(of, asked),
        empty_text=_empty_text(of, members, asked),
        version=current_version,
        fragment_url="" if asked.is_past else _fragment_url(of, current_version),
    )


def _whole(members: Sequence[Member], asset: str) -> Level | None:
    """Return what is held in totals; unknown while no account that counts is known."""
    known = [one for one in counting(members) if one.is_known]
    held = [found for one in known if (found := holding(one, asset)) is not None]
    return total(held) if held else NOTHING if known else None


def _which(of: Question) -> str:
    return "chosen accounts" if of.scope.narrowing.query else "all accounts"


def _changes(of: Question, at: datetime) -> tuple[Change, ...]:
    starts = [at - length for _, length in PERIODS]
    moved = between(of.scope, of.asset, of.kind, starts, at)
    return tuple(
        Change(words, one.amount, one.direction, one.note)
        for (words, _), one in zip(PERIODS, moved, strict=True)
    )


def _chart(of: Question, asked: AsOf) -> Chart:
    subject = subjects.subject(of.scope, of.asset, of.kind, is_total=True)
    frame = Frame(
        page_url=reverse("asset"),
        series_url=reverse("series"),
        csv_url=reverse("series-csv"),
        choices=(),
        zone=of.scope.user.time_zone,
        kept={**of.scope.narrowing.query, **asked.query},
    )
    shown = subjects.range_for(subject, of.text, asked.at)
    return charts.chart(subject, shown, frame, asked.at)


def _address(name: str, query: Mapping[str, str]) -> str:
    return f"{reverse(name)}?{urlencode(query)}"


def _other_url(of: Question, asked: AsOf) -> str:
    other = _OTHER[of.kind]
    if other not in kinds_held(of.scope, of.asset):
        return ""
    return asset_url(of.asset, other, {**of.scope.narrowing.query, **asked.query})


def _compare_url(of: Question) -> str:
    query = {"by": "periods", **of.scope.narrowing.query, "asset": of.asset, "kind": of.kind}
    return _address("compare", query)


def _narrowed(of: Question, asked: AsOf) -> Narrowed:
    kept = {name: text for name, text in of.text.items() if name not in NAMES}
    clear = _address("asset", kept) if of.scope.narrowing.query else ""
    return Narrowed(reverse("asset"), questions(of.scope, asked), tuple(kept.items()), clear)


def _empty_text(of: Question, members: Sequence[Member], asked: AsOf) -> str:
    if not members:
        return "No account matches this filter." if of.scope.narrowing.query else "No account."
    held = "held" if asked.is_past else "holds"
    return f"None of these accounts {held} {of.asset}{' then' if asked.is_past else ' now'}."


def _fragment_url(of: Question, current_version: str) -> str:
    return _address("asset-figures", {**of.text, "version": current_version})
