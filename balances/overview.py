"""The overview: what is held, what is free to move, what is in flight, and how far to trust it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from accounts.access import operated_accounts
from accounts.models import Account, User
from balances import charts, incidents, ledger, moments, overlaps
from balances.amounts import Amount
from balances.charts import Frame, Subject
from balances.demo import progress
from balances.incidents import Shared
from balances.models import Refresh
from balances.narrowing import NAMES, Narrowing
from balances.openings import Openings
from balances.portfolio import Kind, Member, counting, members, total
from balances.rows import account_row, asset_tables, coverage, figures
from balances.screens import AccountRow, Chart, Choice, Headline, Narrowed, Overview
from balances.troubles import counted_twice, is_probed, not_answering, troubles
from balances.upstreams import Upstream
from balances.versions import version_of

#: What the headline's change is measured over.
PERIOD, PERIOD_WORDS = timedelta(hours=24), "24 h"

#: After this many ticks without any finished poll the overview says that nothing is polled.
QUIET_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class Query:
    """What a reader asked the overview for."""

    asset: str
    kind: Kind
    show: str
    text: Mapping[str, str]
    narrowing: Narrowing
    opened: frozenset[str] = frozenset()

    @classmethod
    def of(cls, asked: Mapping[str, str], opened: Iterable[str] = ()) -> "Query":
        """Read a page's query; what makes no sense counts as not asked."""
        text = {n: value for n, value in asked.items() if value and n not in {"open", "version"}}
        kind: Kind = "testnet" if text.get("kind") == "testnet" else "production"
        show = text.get("show", "all")
        show = show if show in FILTERS else "all"
        return cls(text.get("asset", ""), kind, show, text, Narrowing.of(text), frozenset(opened))


FILTERS: dict[str, tuple[str, Callable[[AccountRow], bool]]] = {
    "all": ("All", lambda _row: True),
    "attention": (
        "Needs attention",
        lambda row: row.state.slug in {"stale", "failed", "waiting", "keyless"},
    ),
    "personal": ("Personal", lambda row: row.kind == "Personal"),
    "organizations": ("Organizations", lambda row: row.kind == "Organization"),
    "paused": ("Paused", lambda row: row.state.slug == "paused"),
}


def current(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Return the accounts that count today: archived ones keep their history elsewhere."""
    return accounts.filter(archived_at=None)


def asked_for(accounts: QuerySet[Account], query: Query) -> QuerySet[Account]:
    """Return the current accounts that the overview is about."""
    return query.narrowing.applied_to(current(accounts))


def narrowed(accounts: QuerySet[Account], query: Query, page_url: str) -> Narrowed:
    """Return the filter of a page that shows `accounts`."""
    kept = {name: text for name, text in query.text.items() if name not in NAMES}
    clear = f"{page_url}?{urlencode(kept)}" if query.narrowing.query else ""
    return Narrowed(page_url, query.narrowing.selects(accounts), tuple(kept.items()), clear)


def version(accounts: QuerySet[Account], query: Query, now: datetime) -> str:
    """Return the version of the overview's figures."""
    return version_of(asked_for(accounts, query), now, urlencode(sorted(query.text.items())))


def overview(
    user: User, accounts: QuerySet[Account], query: Query, *, with_chart: bool = True
) -> Overview:
    """Return the overview of somebody's accounts as of now."""
    now = ledger.clock()
    # Before the figures: what changes while they are read makes the page out of date, not current.
    current_version = version(accounts, query, now)
    held = members(asked_for(accounts, query))
    counted = counting(held)
    openings = Openings.of(reverse("overview"), query.text, query.opened, query.narrowing.query)
    shared, down = incidents.shared(held), not_answering(held)
    rows = account_rows(user, held, now, openings, shared)
    of = _subject(user, held, query)
    return Overview(
        headline=None if of is None else _headline(of, held, now, _scope(of, query)),
        coverage=coverage(counted, now),
        chart=_chart(of, counted, query, user, now) if of and with_chart else None,
        tables=asset_tables(counted, now, openings),
        accounts=filtered(rows, query.show),
        filters=filters(rows, query, reverse("overview")),
        attention_url=f"{_shown(query, reverse('overview'), 'attention')}#accounts",
        narrowed=narrowed(current(accounts), query, reverse("overview")),
        empty_text=_empty_text(accounts, query, held),
        version=current_version,
        fragment_url=_fragment_url(query, current_version),
        may_add=True,
        demo_progress=progress.text(),
        notice=_notice(held, down, now),
        troubles=(
            *troubles(user, down, shared, now),
            *counted_twice(user, overlaps.among(user, [m.account for m in counted])),
        ),
        refreshing=any(row.refreshing for row in rows),
    )


def _empty_text(accounts: QuerySet[Account], query: Query, held: Sequence[Member]) -> str:
    """Say why no account is listed; nothing, where there are none yet."""
    if held or query.narrowing.query:
        return "No account matches this filter."
    if accounts.exists():
        return "Every account is archived. Their history is in the list of accounts."
    return ""


def _fragment_url(query: Query, current_version: str) -> str:
    asked = {**query.text, "version": current_version}
    return f"{reverse('overview-figures')}?{urlencode(asked)}"


def account_rows(
    user: User,
    held: Sequence[Member],
    now: datetime,
    openings: Openings,
    shared: Iterable[Shared] = (),
) -> list[AccountRow]:
    """Return the rows of a list of accounts. What is said above the list, no row repeats."""
    joint = {member.account.pk for one in shared for member in one.members}
    operated = set(operated_accounts(user).values_list("pk", flat=True))
    ids = [member.account.pk for member in held]
    open_refreshes = Refresh.objects.filter(account__in=ids, finished_at=None)
    refreshing = set(open_refreshes.values_list("account_id", flat=True))
    rows = [
        account_row(
            member,
            now,
            may_refresh=member.account.pk in operated,
            refreshing=member.account.pk in refreshing,
            openings=openings,
        )
        for member in held
    ]
    return [_brief(row) if pk in joint else row for pk, row in zip(ids, rows, strict=True)]


def _brief(row: AccountRow) -> AccountRow:
    return replace(row, state=replace(row.state, remedy=""))


def filtered(rows: Sequence[AccountRow], show: str) -> tuple[AccountRow, ...]:
    """Return the rows that a filter lets through."""
    return tuple(row for row in rows if FILTERS[show][1](row))


def filters(rows: Sequence[AccountRow], query: Query, base_url: str) -> tuple[Choice, ...]:
    """Return the filters of a list of accounts, each with how many it lets through."""
    return tuple(
        Choice(
            label,
            _shown(query, base_url, name),
            name == query.show,
            sum(lets(row) for row in rows),
        )
        for name, (label, lets) in FILTERS.items()
    )


def _shown(query: Query, base_url: str, show: str) -> str:
    return f"{base_url}?{urlencode({**query.text, 'show': show})}"


def _subject(user: User, held: Sequence[Member], query: Query) -> Subject | None:
    """Return what headline and chart show: what was asked for, else the first to show."""
    held_assets = set(asset_choices(counting(held)))
    if not held_assets:
        return None
    asset, kind = query.asset, query.kind
    if (asset, kind) not in held_assets:
        asset, kind = min(held_assets, key=first_to_show)
    # Who does not count today may have counted within the chart's range.
    return charts.subject(user, [m.account for m in held], asset, kind, is_total=True)


def first_to_show(pair: tuple[str, Kind]) -> tuple[Kind, int, str]:
    """Return the sort key by which an asset is shown until the reader chooses another."""
    preferred: list[str] = settings.HEADLINE_ASSETS
    asset, kind = pair
    return kind, preferred.index(asset) if asset in preferred else len(preferred), asset


def _scope(of: Subject, query: Query) -> str:
    which = "chosen accounts" if query.narrowing.query else "all accounts"
    return f"{which}, {of.kind}"


def _headline(of: Subject, held: Sequence[Member], now: datetime, scope: str) -> Headline:
    ids = set(of.ids)
    inside = [member for member in counting(held) if member.account.pk in ids]
    parts = [one for m in inside for one in m.holdings if one.asset == of.asset]
    change, direction, note = _change(of, now)
    return Headline(
        asset=of.asset,
        scope=scope,
        figures=figures(total(parts)),
        coverage=coverage(inside, now),
        change=change,
        direction=direction,  # type: ignore[arg-type] # one of the four
        period=PERIOD_WORDS,
        change_note=note,
    )


def _change(of: Subject, now: datetime) -> tuple[Amount | None, str, str]:
    found, joined = charts.change_over(of, PERIOD, now)
    note = f"without {_names(joined)}, joined since" if joined else ""
    if not found or found[0].level is None or found[1].level is None:
        return None, "unknown", note
    difference = (found[1].level - found[0].level).total
    direction = "same" if difference == 0 else "up" if difference > 0 else "down"
    return Amount.of(abs(difference), found[0].level.scale), direction, note


def _names(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{len(labels)} accounts"


def _chart(of: Subject, held: Sequence[Member], query: Query, user: User, now: datetime) -> Chart:
    frame = Frame(
        page_url=reverse("overview"),
        series_url=reverse("series"),
        csv_url=reverse("series-csv"),
        choices=asset_choices(held),
        zone=user.time_zone,
        kept=query.narrowing.query,
    )
    return charts.chart(of, charts.range_for(of, query.text, now), frame, now)


def asset_choices(held: Sequence[Member]) -> list[tuple[str, Kind]]:
    """Return what a chart may show: real money first, each by name."""
    found = {(one.asset, one.kind) for member in held for one in member.holdings}
    return sorted(found, key=lambda pair: (pair[1], pair[0]))


def _notice(held: Sequence[Member], down: Iterable[Upstream], now: datetime) -> str:
    """Say that nothing is being polled, by the age of the newest attempt: processes may lie."""
    probed = {one.key for one in down if is_probed(one, now)}
    asked = [m for m in held if (m.account.environment, m.account.is_demo) not in probed]
    polled = [m.schedule for m in asked if m.schedule and m.schedule.next_slot]
    attempts = [schedule.last_attempt_at for schedule in polled if schedule.last_attempt_at]
    if not attempts:
        return ""
    age = now - max(attempts)
    slowest = min(schedule.interval_seconds for schedule in polled)
    if age <= timedelta(seconds=QUIET_INTERVALS * slowest):
        return ""
    return f"The newest poll was {moments.ago(age)}. Check that worker and beat run."
