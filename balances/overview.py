"""The overview: what is held, what is free to move, what is in flight, and how far to trust it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from accounts.access import visible_to
from accounts.compiled import Ids, ids_of, ids_operated_by, ids_present_for, ids_visible_to
from accounts.models import Account, User
from balances import (
    incidents,
    moments,
    overlaps,
    part_moves,
    refresh_batches,
    remedies,
    sql,
    versions,
)
from balances.as_of_query import AsOf
from balances.change_screens import Moved
from balances.demo import progress
from balances.headline import Wanted, chart, headline, subject
from balances.incidents import Shared
from balances.listing import FILTERS, Listing
from balances.moved_rows import cells
from balances.narrowing import NAMES, Narrowing, heading
from balances.openings import Openings
from balances.overview_screens import Overview, RefreshAll
from balances.portfolio import (
    THEIRS,
    TURNED,
    Kind,
    Member,
    bare_members,
    counting,
    members_at,
    with_holdings,
)
from balances.questions import questions
from balances.rows import Moves, Told, account_row, asset_tables, coverage
from balances.scopes import Scope
from balances.screens import AccountRow, Narrowed, Select
from balances.shown_assets import PAGE_NAMES, AssetPaging
from balances.then import NOBODYS_THEN
from balances.totals import Total, added_up, of_today
from balances.troubles import counted_twice, is_probed, not_answering, troubles
from balances.upstreams import Upstream

#: After this many ticks without any finished poll the overview says that nothing is polled.
QUIET_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class Query:
    """What a reader asked a page for; the instant in its `text` is exact."""

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

    @property
    def kept(self) -> dict[str, str]:
        """The parameters that say which accounts a page is about, and as of when."""
        at = self.text.get("at", "")
        return {**self.narrowing.query, **({"at": at} if at else {})}

    @property
    def has_changes(self) -> bool:
        """Whether the page is to come with how assets moved, without a script that fetches it."""
        return self.text.get("changes") == "shown"

    def listing(self, held: Sequence[Member], at: datetime, base_url: str) -> Listing:
        """Return the list of accounts that is asked for, of which `held` is everything."""
        return Listing(held, at, self.show, self.text, base_url)

    @property
    def wanted(self) -> Wanted:
        """What headline and chart are asked to show."""
        is_narrowed = bool(self.narrowing.query)
        return Wanted(self.asset, self.kind, self.kept, self.text, is_narrowed)


def present(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Return the accounts that count today: archived ones keep their history elsewhere."""
    return accounts.filter(archived_at=None)


def asked_for(accounts: QuerySet[Account], query: Query, reader: User) -> QuerySet[Account]:
    """Return the current accounts that the overview is about."""
    return query.narrowing.applied_to(present(accounts), reader)


_OF_A_LIST = {*NAMES, "page", *PAGE_NAMES.values()}


def narrowed(selects: tuple[Select, ...], query: Query, page_url: str) -> Narrowed:
    """Return the filter of a page, which asks these questions."""
    kept = {name: text for name, text in query.text.items() if name not in _OF_A_LIST}
    clear = f"{page_url}?{urlencode(kept)}" if query.narrowing.query else ""
    return Narrowed(page_url, selects, tuple(kept.items()), clear)


def version(user: User, query: Query, now: datetime) -> str:
    """Return the version of the overview's figures, and of the list of accounts."""
    return versions.version_of(user, _seen(user, query), now, _said(query))


def current(user: User, query: Query) -> tuple[datetime, str]:
    """Return the time, and the version of it."""
    return versions.current(user, _seen(user, query), _said(query))


def _seen(user: User, query: Query) -> Ids:
    if query.narrowing.query:
        return ids_of(query.narrowing.applied_to(visible_to(user), user))
    return ids_visible_to(user)


def _said(query: Query) -> str:
    return urlencode(sorted(query.text.items()))


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
    listing = query.listing(held, of.at, reverse("overview"))
    rows = rows_then(of.user, listing.shown(), of.at, _openings(query))
    then = Scope(of.user).at(of.at)
    selects = query.narrowing.selects_then(then, visible_to(of.user), of.user)
    return replace(
        _figures(of, listing, rows, added_up(counting(held), of.at)),
        narrowed=narrowed(selects, query, reverse("overview")),
        heading=heading(selects),
        empty_text=empty_then(everything, query),
        is_past=True,
    )


def empty_then(everything: Sequence[Member], query: Query) -> str:
    """Say why no account is listed as of an instant."""
    if query.narrowing.query and not everything:
        return "No account matched this filter then."
    return "Every account was archived then." if everything else NOBODYS_THEN


def _now(of: _Asked) -> Overview:
    user, query, now = of.user, of.query, of.at
    # Before the figures: what changes while they are read makes the page out of date, not current.
    current_version = version(user, query, now)
    held = _present(user, query)
    shared, down = incidents.shared(held), not_answering(held)
    listing = query.listing(held, now, reverse("overview"))
    rows = account_rows(user, listing.shown(), now, _openings(query), shared)
    selects = questions(query.narrowing, held, lambda: present(visible_to(user)), user)
    wish = refresh_all(user, query, listing, "overview")
    return replace(
        _figures(of, listing, rows, of_today(counting(held), now, _openings(query))),
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


def refresh_all(user: User, query: Query, listing: Listing, page: str) -> RefreshAll:
    """Return what a page offers for all accounts that it lists: each one that may be refreshed."""
    found = refreshable(user, query, listing)
    told = refresh_batches.progress(user)
    kept = {name: text for name, text in query.text.items() if name not in {"page", "at"}}
    return RefreshAll(
        count=found.count(),
        url=f"{reverse('refresh-all')}?{urlencode({**kept, 'from': page})}",
        progress=told.text if told else "",
        is_running=told is not None and told.is_running,
    )


def refreshable(user: User, query: Query, listing: Listing) -> QuerySet[Account]:
    """Return the accounts of a list, of all its pages, that somebody may refresh."""
    found = query.narrowing.applied_to(refresh_batches.refreshable(user), user)
    if query.show == "all" and "incident" not in query.text:
        return found
    return found.filter(pk__in=[member.account.pk for member in listing.through()])


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
    of = subject(user, found, query.wanted)
    part_moved = part_moves.of_assets(Scope(user, query.narrowing), found, query.opened, at)
    moves = Moves(_moved(asked), part_moved)
    paging = AssetPaging(reverse("overview"), query.text)
    return Overview(
        headline=None if of is None else headline(of, found, at, query.wanted),
        coverage=coverage(counted, at),
        chart=chart(of, found, query.wanted, user, at) if of and asked.with_chart else None,
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


def account_rows(
    user: User,
    bare: Sequence[Member],
    now: datetime,
    openings: Openings,
    shared: Iterable[Shared] = (),
) -> list[AccountRow]:
    """Return the rows of a list of accounts. What is said above the list, no row repeats.

    Of those that are not open nothing is loaded but how many assets they hold.
    """
    joint = {member.account.pk for one in shared for member in one.members}
    told = _told(user, [member.account.pk for member in bare])
    asked = remedies.by_reader(user, bare)
    held = _opened(bare, openings)
    rows = [
        account_row(
            one, now, told[one.account.pk]._replace(remedy=asked.get(one.account.pk, "")), openings
        )
        for one in held
    ]
    spoken = [
        _brief(row) if one.account.pk in joint else row for one, row in zip(held, rows, strict=True)
    ]
    return part_moves.of_accounts(user, held, spoken, now)


def _opened(bare: Sequence[Member], openings: Openings) -> list[Member]:
    """Return the accounts of a list, the open ones with what they hold."""
    opened = [one for one in bare if openings.shows_account(one.account)]
    held = {one.account.pk: one for one in (with_holdings(opened) if opened else ())}
    return [held.get(one.account.pk, one) for one in bare]


def rows_then(
    user: User, held: Sequence[Member], at: datetime, openings: Openings
) -> list[AccountRow]:
    """Return the rows of a list of accounts as of an instant, which offers no act."""
    rows = [account_row(one, at, Told(len(one.holdings)), openings) for one in held]
    return part_moves.of_accounts(user, held, rows, at)


_TOLD = f"""
{TURNED}
SELECT shown.id,
    (SELECT count(*) FROM balances_holding h {THEIRS} AND h.account_id = shown.id),
    shown.id IN ({{operated}}),
    EXISTS (SELECT FROM balances_refresh WHERE account_id = shown.id AND finished_at IS NULL)
FROM unnest(%(accounts)s::bigint[]) AS shown(id)
"""  # noqa: S608 - fixed text


def _told(user: User, account_ids: Iterable[int]) -> dict[int, Told]:
    operated = ids_operated_by(user)
    values = {**operated.values, "accounts": sql.ids(account_ids)}
    found = sql.rows(_TOLD.format(operated=operated.text), values)
    return {pk: Told(*told) for pk, *told in found}


def _brief(row: AccountRow) -> AccountRow:
    return replace(row, state=replace(row.state, remedy=""))


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
        f"The newest poll was {moments.ago(age)}."
        " Ask your system administrator to check that worker and beat run."
    )
