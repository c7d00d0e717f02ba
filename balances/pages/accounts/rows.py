"""Rows of a list of accounts, now and as of an instant."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from accounts.access.compiled import ids_operated_by
from accounts.models import User
from balances.core import sql
from balances.pages.charts import part_changes
from balances.pages.components import remedies
from balances.pages.components.context import AccountRow
from balances.pages.components.expanded_rows import Openings
from balances.pages.components.tables import Told, account_row
from balances.pages.query.list_query import Query
from balances.portfolio.incidents import Shared
from balances.portfolio.levels_at import NOBODYS_THEN
from balances.portfolio.members import THEIRS, TURNED, Member, with_holdings


def empty_then(everything: Sequence[Member], query: Query) -> str:
    """Say why no account is listed as of an instant."""
    if query.narrowing.query and not everything:
        return "No account matched this filter then."
    return "Every account was archived then." if everything else NOBODYS_THEN


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
    return part_changes.of_accounts(user, held, spoken, now)


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
    return part_changes.of_accounts(user, held, rows, at)


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
