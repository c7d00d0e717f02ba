"""Lists of accounts: all of them with their states, and what one row opens into."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from accounts.access.compiled import ids_visible_to
from accounts.access.querysets import visible_to
from accounts.models import Account, User
from balances.ledger import schedules
from balances.pages.accounts.context import AccountList
from balances.pages.accounts.listing import listing_of
from balances.pages.accounts.refresh_all import refresh_all, refreshable
from balances.pages.accounts.rows import account_rows, rows_then
from balances.pages.as_of.instant import AsOf
from balances.pages.charts import part_changes
from balances.pages.components.context import AccountRow, AssetRow, Trouble
from balances.pages.components.expanded_rows import Openings, the_one
from balances.pages.components.notices import not_answering, troubles
from balances.pages.components.tables import Moves, asset_tables
from balances.pages.query.account_filter import questions, selects_then
from balances.pages.query.list_query import Query, asked_for, narrowed, version
from balances.portfolio import incidents
from balances.portfolio.incidents import Shared
from balances.portfolio.levels_at import NOBODYS_THEN
from balances.portfolio.members import Member, bare_members, counting, members, members_at
from balances.portfolio.scope import Scope
from balances.portfolio.totals import added_up


def account_list(user: User, query: Query, asked: AsOf) -> AccountList:
    """Return the list of somebody's accounts, now or as of an instant."""
    return _then(user, query, asked.at) if asked.is_past else _now(user, query, asked.at)


def _then(user: User, query: Query, at: datetime) -> AccountList:
    held = members_at(Scope(user, query.narrowing), at)
    listing = listing_of(query, held, at, reverse("accounts"))
    rows = rows_then(user, listing.shown(), at, _openings(query))
    selects = selects_then(query.narrowing, Scope(user).at(at), visible_to(user), user)
    return AccountList(
        accounts=tuple(rows),
        filters=listing.filters(),
        pages=listing.pages(),
        narrowed=narrowed(selects, query, reverse("accounts")),
        empty_text="No account matched this filter then."
        if held or query.narrowing.query
        else NOBODYS_THEN,
    )


def _now(user: User, query: Query, now: datetime) -> AccountList:
    current_version = version(user, query, now)  # before the rows, as in the overview
    held = _present(user, query)
    shared = incidents.shared(held)
    chosen = _chosen(shared, query)
    listing = listing_of(query, chosen.members if chosen else held, now, reverse("accounts"))
    rows = account_rows(user, listing.shown(), now, _openings(query), shared)
    selects = questions(query.narrowing, held, lambda: visible_to(user), user)
    asked = urlencode({**query.text, "version": current_version})
    wish = refresh_all(user, query, listing, "accounts")
    return AccountList(
        accounts=tuple(rows),
        filters=listing.filters(),
        pages=listing.pages(),
        narrowed=narrowed(selects, query, reverse("accounts")),
        empty_text="No account matches this filter."
        if listing.held or query.narrowing.query
        else "",
        version=current_version,
        fragment_url=f"{reverse('accounts-figures')}?{asked}",
        refreshing=wish.is_running or any(row.refreshing for row in rows),
        refresh_all=wish,
        troubles=_troubles(user, held, shared, now, chosen),
    )


def _chosen(shared: Sequence[Shared], query: Query) -> Shared | None:
    """Return the incident whose accounts alone are listed."""
    return next((s for s in shared if str(s.incident.uid) == query.text.get("incident")), None)


def shown_accounts(user: User, query: Query) -> QuerySet[Account]:
    """Return the accounts that somebody may refresh of those that a page lists for this query."""
    held = _present(user, query)
    chosen = _chosen(incidents.shared(held), query) if "incident" in query.text else None
    if "incident" in query.text and chosen is None:
        return Account.objects.none()  # it has ended
    listing = listing_of(
        query, chosen.members if chosen else held, schedules.clock(), reverse("accounts")
    )
    return refreshable(user, query, listing)


def _present(user: User, query: Query) -> list[Member]:
    if query.narrowing.query:
        return bare_members(user, query.narrowing.applied_to(visible_to(user), user))
    return bare_members(user, ids_visible_to(user))


def _openings(query: Query) -> Openings:
    return Openings.of(reverse("accounts"), query.text, query.opened, query.kept)


def _troubles(
    user: User,
    held: Sequence[Member],
    shared: Sequence[Shared],
    now: datetime,
    chosen: Shared | None,
) -> tuple[Trouble, ...]:
    """Return what is wrong. While an incident's accounts are listed: that one, and the way back."""
    if chosen is None:
        return troubles(user, not_answering(held), shared, now)
    (one,) = troubles(user, (), [chosen], now)
    return (replace(one, url=reverse("accounts"), link="Show all accounts"),)


def opened_account(user: User, account: Account, asked: AsOf) -> AccountRow:
    """Return an account's row, open; somebody sees the account at that instant."""
    openings = the_one(f"account:{account.uid}")
    if asked.is_past:
        (member,) = members_at(Scope(user, only=frozenset({account.pk})), asked.at)
        return rows_then(user, [member], asked.at, openings)[0]
    found = bare_members(user, visible_to(user).filter(pk=account.pk))
    return account_rows(user, found, asked.at, openings)[0]


def opened_asset(user: User, query: Query, asset: str, asked: AsOf) -> AssetRow | None:
    """Return an asset's row, open, or nothing if no account counts with it."""
    holding = _holding_then if asked.is_past else _holding_now
    openings = the_one(f"{query.kind}:{asset}")
    members = counting(holding(user, query, asset, asked.at))
    found = added_up(members, asked.at)
    scope, opened = Scope(user, query.narrowing), openings.opened if query.has_changes else ()
    moves = Moves(of_part=part_changes.of_assets(scope, found, opened, asked.at))
    tables = asset_tables(found, asked.at, openings, moves=moves)
    return next((row for t in tables if t.kind == query.kind for row in t.rows), None)


def _holding_now(user: User, query: Query, asset: str, _: datetime) -> list[Member]:
    found = asked_for(visible_to(user), query, user).filter(holding__asset=asset)
    return members(user, found, asset)


def _holding_then(user: User, query: Query, asset: str, at: datetime) -> list[Member]:
    found = members_at(Scope(user, query.narrowing), at, asset)
    return [member for member in found if member.holdings and not member.is_archived]
