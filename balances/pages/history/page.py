"""The History page: totals and accounts as of an instant, with what proves them, and as a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.access.querysets import spans_of, visible_to
from accounts.models import Tenure, User
from accounts.shared.csv_cells import text_cell
from balances.core import number_formats
from balances.core.amounts import plain_decimal
from balances.core.instants import iso
from balances.evidence.proof import newest_snapshots
from balances.history.observations import covered_at
from balances.pages.accounts.rows import empty_then
from balances.pages.as_of.bar import address_at
from balances.pages.as_of.instant import AsOf, long_text, start_of_day
from balances.pages.components.context import Choice
from balances.pages.components.expanded_rows import Openings
from balances.pages.components.pagination import Paged
from balances.pages.components.shown_assets import AssetPaging
from balances.pages.components.status_text import state_of
from balances.pages.components.tables import asset_tables, coverage, page_of
from balances.pages.history.context import HistoryPage, HistoryRow
from balances.pages.query.account_filter import selects_then
from balances.pages.query.list_query import Query, narrowed
from balances.portfolio.members import Held, Member, counting, members_at, owner_name
from balances.portfolio.scope import Scope
from balances.portfolio.totals import added_up

#: So much of a digest tells two answers apart at a glance; the account's page has it whole.
SHOWN_DIGITS = 12
_HEADER = (
    "at", "account", "label", "owner", "environment", "kind", "asset", "total", "available",
    "pending_in", "pending_out", "coverage", "observed_at", "in_totals", "snapshot", "sha256",
    "wallets", "source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Proven:
    """Accounts as of an instant, with the snapshots that prove their figures."""

    at: datetime
    members: Sequence[Member]
    snapshots: Mapping[int, tuple[int, str]]

    @classmethod
    def of(cls, user: User, members: Sequence[Member], at: datetime) -> "_Proven":
        spans = spans_of(user, [member.account.pk for member in members])
        # The newest that began by then is the one that holds then.
        began = {i: max(first for first, _ in own if first <= at) for i, own in spans.items()}
        return cls(at, members, newest_snapshots(began, at))


def history_page(user: User, query: Query, asked: AsOf) -> HistoryPage:
    """Return the History page; before an instant is chosen, the ways to choose one."""
    shortcuts = _shortcuts(query, asked)
    if not asked.is_past:
        return HistoryPage(shortcuts)
    members = members_at(Scope(user, query.narrowing), asked.at)
    paged = Paged(members, query.text, reverse("history"))
    shown = _Proven.of(user, paged.shown(), asked.at)
    counted = [m for m in counting(members) if not m.is_archived]
    selects = selects_then(query.narrowing, Scope(user).at(asked.at), visible_to(user), user)
    return HistoryPage(
        shortcuts=shortcuts,
        narrowed=narrowed(selects, query, reverse("history")),
        tables=asset_tables(
            added_up(counted, asked.at),
            asked.at,
            _openings(query),
            AssetPaging(reverse("history"), query.text),
        ),
        coverage=coverage(counted, asked.at),
        rows=tuple(_row(member, shown) for member in shown.members),
        pages=paged.pages(),
        empty_text="" if members else empty_then(members, query),
        csv_url=f"{reverse('history-csv')}?{urlencode(query.kept)}",
        overview_url=f"{reverse('overview')}?{urlencode(query.kept)}",
    )


def _openings(query: Query) -> Openings:
    return Openings.of(reverse("history"), query.text, query.opened, query.kept)


def _row(member: Member, then: _Proven) -> HistoryRow:
    number, digest = then.snapshots.get(member.account.pk, (0, ""))
    sight = member.stand.sight
    return HistoryRow(
        label=member.account.label,
        url=f"{page_of(member)}#evidence",
        owner=owner_name(member.owner),
        state=state_of(member.stand, then.at),
        is_counted=member.is_counted and not member.is_archived,
        holds=str(len(member.holdings)) if member.is_known else "unknown",
        seen="" if sight is None else long_text(sight.observed_at),
        snapshot=number_formats.whole(number) if number else "",
        digest=digest[:SHOWN_DIGITS],
    )


def _shortcuts(query: Query, asked: AsOf) -> tuple[Choice, ...]:
    """Return the ends of what is over, by the reader's calendar."""
    today = timezone.localtime(asked.now).replace(tzinfo=timezone.get_current_timezone())
    monday = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    begins = {
        "yesterday": today,
        "last week": monday,
        "last month": month,
        "last quarter": quarter,
        "last year": month.replace(month=1),
    }
    others = {name: text for name, text in query.text.items() if name != "at"}
    return tuple(
        Choice(
            f"End of {name}",
            address_at(reverse("history"), others, start_of_day(day)),
            asked.is_past and start_of_day(day) == asked.at,
        )
        for name, day in begins.items()
    )


def tenures(user: User, query: Query, asked: AsOf) -> QuerySet[Tenure]:
    """Return the tenures that a file is about, for those whose affair it is."""
    return Scope(user, query.narrowing).at(asked.at)


def csv_rows(user: User, query: Query, asked: AsOf) -> Iterator[Sequence[str]]:
    """Yield the lines of the file, header first: one for each account and asset."""
    then = _Proven.of(user, members_at(Scope(user, query.narrowing), asked.at), asked.at)
    yield _HEADER
    for member in then.members:
        for held in member.holdings or (None,):
            yield _line(member, held, then)


def _line(member: Member, held: Held | None, then: _Proven) -> Sequence[str]:
    account, sight = member.account, member.stand.sight
    number, digest = then.snapshots.get(account.pk, (0, ""))
    covered = covered_at(sight, then.at)
    return (
        iso(then.at), str(account.uid), text_cell(account.label),
        text_cell(owner_name(member.owner)), account.environment,
        *_amounts(held), covered, iso(sight.observed_at) if sight else "",
        "yes" if member.is_counted and not member.is_archived else "no",
        str(number or ""), digest, "some" if member.stand.is_partial else "all",
        "simulator" if account.is_demo else "qredo",
    )  # fmt: skip


def _amounts(held: Held | None) -> tuple[str, ...]:
    if held is None:
        return ("",) * 6
    level = held.level
    units = (level.total, level.available, level.pending_in, level.pending_out)
    return held.kind, text_cell(held.asset), *(plain_decimal(unit, level.scale) for unit in units)
