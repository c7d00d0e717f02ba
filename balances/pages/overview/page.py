"""The overview: what is held, what is free to move, what is in flight, and how far to trust it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from accounts.access.compiled import ids_present_for
from accounts.access.querysets import visible_to
from accounts.models import User
from balances.core import sql
from balances.core.assets import Kind
from balances.demo import progress
from balances.pages.accounts.listing import Listing, listing_of
from balances.pages.accounts.refresh_all import refresh_all
from balances.pages.accounts.rows import account_rows, empty_then, rows_then
from balances.pages.as_of.instant import AsOf
from balances.pages.charts import part_changes
from balances.pages.charts.change_cells import cells
from balances.pages.components import times
from balances.pages.components.changes import Moved
from balances.pages.components.context import AccountRow
from balances.pages.components.expanded_rows import Openings
from balances.pages.components.notices import counted_twice, is_probed, not_answering, troubles
from balances.pages.components.shown_assets import AssetPaging
from balances.pages.components.tables import Moves, asset_tables, coverage
from balances.pages.overview.context import Overview
from balances.pages.overview.headline import chart, headline, subject, wanted_by
from balances.pages.query.account_filter import heading, questions, selects_then
from balances.pages.query.list_query import Query, asked_for, narrowed, present, version
from balances.polling.pacing.environments import Upstream
from balances.portfolio import incidents, overlaps
from balances.portfolio.members import (
    Member,
    bare_members,
    counting,
    members_at,
)
from balances.portfolio.scope import Scope
from balances.portfolio.totals import Total, added_up, of_today

#: After this many ticks without any finished poll the overview says that nothing is polled.
QUIET_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks for what, as of when."""

    user: User
    query: Query
    at: datetime
    with_chart: bool


@sql.one_view()
def overview(user: User, query: Query, asked: AsOf, *, with_chart: bool = True) -> Overview:
    """Return the overview of somebody's accounts, now or as of an instant."""
    of = _Asked(user, query, asked.at, with_chart)
    return _then(of) if asked.is_past else _now(of)


def _then(of: _Asked) -> Overview:
    query, everything = of.query, members_at(Scope(of.user, of.query.narrowing), of.at)
    held = [member for member in everything if not member.is_archived]
    listing = listing_of(query, held, of.at, reverse("overview"))
    rows = rows_then(of.user, listing.shown(), of.at, _openings(query))
    then = Scope(of.user).at(of.at)
    selects = selects_then(query.narrowing, then, visible_to(of.user), of.user)
    return replace(
        _figures(of, listing, rows, added_up(counting(held), of.at)),
        narrowed=narrowed(selects, query, reverse("overview")),
        heading=heading(selects),
        empty_text=empty_then(everything, query),
        is_past=True,
    )


def _now(of: _Asked) -> Overview:
    user, query, now = of.user, of.query, of.at
    # Before the figures: what changes while they are read makes the page out of date, not current.
    current_version = version(user, query, now)
    held = _present(user, query)
    shared, down = incidents.shared(held), not_answering(held)
    listing = listing_of(query, held, now, reverse("overview"))
    rows = account_rows(user, listing.shown(), now, _openings(query), shared)
    selects = questions(query.narrowing, held, lambda: present(visible_to(user)), user)
    wish = refresh_all(user, query, listing, "overview")
    return replace(
        _figures(of, listing, rows, of_today(counting(held), now, query.opened)),
        narrowed=narrowed(selects, query, reverse("overview")),
        heading=heading(selects),
        empty_text=_empty_text(user, query, held),
        version=current_version,
        fragment_url=_fragment_url(query, current_version),
        may_add=True,
        demo_progress=progress.text(),
        notice=_notice(held, down, now),
        troubles=(
            *troubles(user, down, shared, now),
            *counted_twice(user, overlaps.among(user, [m.account for m in counting(held)])),
        ),
        refreshing=wish.is_running or any(row.refreshing for row in rows),
        refresh_all=wish,
    )


def _present(user: User, query: Query) -> list[Member]:
    if query.narrowing.query:
        return bare_members(user, asked_for(visible_to(user), query, user))
    return bare_members(user, ids_present_for(user))


def _openings(query: Query) -> Openings:
    found = Openings.of(reverse("overview"), query.text, query.opened, query.kept)
    return replace(found, asked={"changes": "shown"})


def _figures(
    asked: _Asked, listing: Listing, rows: Sequence[AccountRow], found: Sequence[Total]
) -> Overview:
    """Return what the overview of a list of accounts says, whether of now or of the past.

    `found` is what those of them that count hold together.
    """
    user, query, at = asked.user, asked.query, asked.at
    counted = counting(listing.held)
    wanted = wanted_by(query)
    of = subject(user, found, wanted)
    part_moved = part_changes.of_assets(Scope(user, query.narrowing), found, query.opened, at)
    moves = Moves(_moved(asked), part_moved)
    paging = AssetPaging(reverse("overview"), query.text)
    return Overview(
        headline=None if of is None else headline(of, found, at, wanted),
        coverage=coverage(counted, at),
        chart=chart(of, found, wanted, user, at) if of and asked.with_chart else None,
        tables=asset_tables(found, at, _openings(query), paging, moves),
        accounts=tuple(rows),
        filters=listing.filters(),
        pages=listing.pages(),
        attention_url=f"{listing.url_of('attention')}#accounts",
        changes_url=f"{reverse('overview-changes')}?{urlencode(query.kept | paging.bounds(found))}",
        all_at_once_url=_all_at_once_url(query),
    )


def _all_at_once_url(query: Query) -> str:
    if query.has_changes:
        return ""
    return f"{reverse('overview')}?{urlencode({**query.text, 'changes': 'shown'})}"


def _moved(asked: _Asked) -> dict[tuple[Kind, str], Moved]:
    """Return the cells that say how assets moved: what comes after the page, unless asked for."""
    if not asked.query.has_changes:
        return {}
    return cells(Scope(asked.user, asked.query.narrowing), asked.at)


def _empty_text(user: User, query: Query, held: Sequence[Member]) -> str:
    """Say why no account is listed; nothing, where there are none yet."""
    if held or query.narrowing.query:
        return "No account matches this filter."
    if visible_to(user).exists():
        return "Every account is archived. Their history is in the list of accounts."
    return ""


def _fragment_url(query: Query, current_version: str) -> str:
    asked = {**query.text, "version": current_version}
    return f"{reverse('overview-figures')}?{urlencode(asked)}"


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
    return (
        f"The newest poll was {times.ago(age)}."
        " Ask your system administrator to check that worker and beat run."
    )
