"""Lists of accounts: all of them with their states, and what one row opens into."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import Account, User
from balances import incidents, ledger
from balances.incidents import Shared
from balances.openings import Openings, the_one
from balances.overview import Query, account_rows, filtered, filters, narrowed
from balances.portfolio import Kind, Member, counting, members
from balances.rows import asset_tables
from balances.screens import AccountList, AccountRow, AssetRow, Trouble
from balances.troubles import not_answering, troubles
from balances.versions import version_of


def version(accounts: QuerySet[Account], query: Query, now: datetime) -> str:
    """Return the version of a list of accounts."""
    return version_of(
        query.narrowing.applied_to(accounts), now, urlencode(sorted(query.text.items()))
    )


def account_list(user: User, accounts: QuerySet[Account], query: Query) -> AccountList:
    """Return the list of somebody's accounts as of now."""
    now = ledger.clock()
    current_version = version(accounts, query, now)  # before the rows, as in the overview
    openings = Openings.of(reverse("accounts"), query.text, query.opened)
    held = members(query.narrowing.applied_to(accounts))
    shared = incidents.shared(held)
    chosen = next((s for s in shared if str(s.incident.uid) == query.text.get("incident")), None)
    listed = held if chosen is None else chosen.members
    rows = account_rows(user, listed, now, openings, shared)
    asked = urlencode({**query.text, "version": current_version})
    return AccountList(
        accounts=filtered(rows, query.show),
        filters=filters(rows, query, reverse("accounts")),
        narrowed=narrowed(accounts, query, reverse("accounts")),
        empty_text="No account matches this filter."
        if rows or query.narrowing.query
        else "No accounts yet.",
        version=current_version,
        fragment_url=f"{reverse('accounts-figures')}?{asked}",
        refreshing=any(row.refreshing for row in rows),
        troubles=_troubles(user, held, shared, now, chosen),
    )


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


def opened_account(user: User, one: QuerySet[Account]) -> AccountRow:
    """Return an account's row, open; `one` holds just that account."""
    found = members(one)
    openings = the_one(f"account:{found[0].account.uid}")
    return account_rows(user, found, ledger.clock(), openings)[0]


def opened_asset(accounts: QuerySet[Account], asset: str, kind: Kind) -> AssetRow | None:
    """Return an asset's row, open, or nothing if none of these accounts counts with it."""
    holding = counting(members(accounts.filter(holding__asset=asset), asset))
    tables = asset_tables(holding, ledger.clock(), the_one(f"{kind}:{asset}"))
    return next((row for t in tables if t.kind == kind for row in t.rows), None)
