"""From holdings to the rows of tables, formatted for the reader."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from accounts.models import Account, Environment, Organization
from balances.core import number_formats
from balances.core.amounts import Amount, Level
from balances.core.assets import Kind
from balances.core.instants import iso
from balances.ledger.snapshots import VANISHED
from balances.pages.components.changes import TO_COME, Moved
from balances.pages.components.context import (
    AccountRow,
    AssetRow,
    AssetTable,
    Coverage,
    Figures,
    Named,
    Part,
    Some,
    State,
)
from balances.pages.components.expanded_rows import Openings
from balances.pages.components.shown_assets import AssetPaging
from balances.pages.components.status_text import in_sentence, instant_of, state_of
from balances.portfolio.filters import PERSONAL, SHARED
from balances.portfolio.members import Held, Member, owner_name
from balances.portfolio.totals import Covered, Total, covered

#: So many accounts are named where a page is not about them.
MOST_NAMED = 20

#: How a holding moved by itself.
PartMoved = Callable[[Held], Moved]


@dataclass(frozen=True, slots=True)
class Moves:
    """What tables say of how assets moved, and of how the parts of open rows did; or nothing."""

    assets: Mapping[tuple[Kind, str], Moved] | None = None
    of_part: PartMoved | None = None

    def of_asset(self, one: Total) -> Moved | None:
        """Return an asset's cells; what is not there is still to come."""
        return None if self.assets is None else self.assets.get((one.kind, one.asset), TO_COME)


NO_MOVES = Moves()
#: A row opens into so many parts; its page has all of them.
MOST_PARTS = 100
_TITLES: dict[Kind, str] = {"production": "Assets", "testnet": "Testnet assets, worthless"}

FLAG_WORDS = {
    "identity": "Total is not available + pending in - pending out",
    "summed": "Added up from several entries in Qredo's answer",
    "scale_changed": "Qredo changed the number of decimal places",
    "vanished": "Gone from Qredo's answer, so it is zero",
}


def figures(level: Level) -> Figures:
    """Return a level ready to be shown."""
    return Figures(
        Amount.of(level.total, level.scale),
        Amount.of(level.available, level.scale),
        Amount.of(level.pending_in, level.scale),
        Amount.of(level.pending_out, level.scale),
    )


def coverage(members: Sequence[Member], at: datetime) -> Coverage:
    """Return how many of the accounts are fresh, and which is the oldest in the figure."""
    there = Counter(m.account.environment for m in members if not m.is_archived)
    split = ", ".join(f"{count:,} {name}" for name, count in sorted(there.items()))
    found = replace(coverage_of(covered(members, at), at), holders=None)
    return replace(found, split=split) if len(there) > 1 else found


def coverage_of(of: Covered, at: datetime) -> Coverage:
    """Return the same of the total of an asset, whose accounts were looked through already."""
    oldest, sight = of.oldest, of.oldest and of.oldest.stand.sight
    return Coverage(
        fresh=of.fresh,
        expected=of.expected,
        oldest=instant_of(oldest.stand, sight.observed_at, at) if oldest and sight else None,
        oldest_label="" if oldest is None else oldest.account.label,
        oldest_reason="" if oldest is None else _why_old(oldest, at),
        unknown=of.unknown,
        partial=of.partial,
        failing=of.failing,
        holders=of.holders,
        fresh_holders=of.fresh_holders,
    )


def _why_old(member: Member, at: datetime) -> str:
    if member.is_fresh(at):
        return ""
    state = state_of(member.stand, at)
    return in_sentence(state.reason or state.word)


def scope_text(which: str, kind: Kind) -> str:
    """Return the accounts that a figure of one asset is about: `all production accounts`."""
    if kind == "production":
        return f"{which} production accounts"
    return f"{which} accounts, testnet: worthless"


def asset_tables(
    found: Sequence[Total],
    now: datetime,
    openings: Openings | None = None,
    paging: AssetPaging | None = None,
    moves: Moves = NO_MOVES,
) -> tuple[AssetTable, ...]:
    """Return the tables of real money and, if there is any, of test money.

    They have the page of each that `paging` asks for, else the first.
    """
    kept = openings.kept if openings else {}

    def row(one: Total) -> AssetRow:
        shown = asset_row(one, now, openings, kept, moves.of_part)
        return replace(shown, moved=moves.of_asset(one))

    tables = []
    for kind, title in _TITLES.items():
        shown, pages = (paging or AssetPaging("")).of_kind(found, kind)
        if shown or kind == "production":
            tables.append(AssetTable(kind, title, tuple(map(row, shown)), pages))
    return tuple(tables)


def asset_row(
    of: Total,
    now: datetime,
    openings: Openings | None,
    kept: Mapping[str, str],
    part_moved: PartMoved | None = None,
) -> AssetRow:
    """Return an asset's row in a table."""
    opening = openings.of_asset(of.asset, of.kind) if openings else None
    return AssetRow(
        asset=of.asset,
        url=asset_url(of.asset, of.kind, kept),
        figures=figures(of.level),
        coverage=coverage_of(of.covered, now),
        count=of.count,
        parts=_asset_parts(of, now, part_moved) if opening and opening.is_open else (),
        flags=_row_flags(of),
        opening=opening,
    )


def _asset_parts(of: Total, now: datetime, part_moved: PartMoved | None) -> tuple[Part, ...]:
    return tuple(
        Part(
            label=member.account.label,
            url=page_of(member),
            figures=figures(held.level),
            state=state_of(member.stand, now),
            flags=flag_words(held.flags),
            moved=part_moved(held) if part_moved else None,
        )
        for member, held in of.holders[:MOST_PARTS]
    )


def _row_flags(of: Total) -> tuple[str, ...]:
    """Return what is odd about an asset, each with the account it concerns."""
    return tuple(
        f"{member.account.label}: {words}"
        for member, flags in of.flagged
        for flag, words in zip(flags, flag_words(flags), strict=True)
        # A part that is gone is zero and needs no word at the sum, which is right.
        if flag != VANISHED
    )


def flag_words(flags: Iterable[str]) -> tuple[str, ...]:
    """Return what the flags of a figure say to a reader."""
    return tuple(FLAG_WORDS.get(flag, flag) for flag in flags)


class Told(NamedTuple):
    """What a row tells beside an account's state: how many assets it holds, what may be done.

    `remedy` is what its reader has to ask others for, instead of what helps (see `remedies`).
    """

    assets: int
    may_refresh: bool = False
    refreshing: bool = False
    remedy: str = ""


def account_row(
    member: Member, now: datetime, told: Told, openings: Openings | None = None
) -> AccountRow:
    """Return an account's row in a list."""
    account = member.account
    opening = openings.of_account(account) if openings and told.assets else None
    return AccountRow(
        uid=str(account.uid),
        url=page_of(member),
        label=account.label,
        owner=owner_name(member.owner),
        kind=member.kind,
        environment="sandbox" if account.environment == Environment.SANDBOX else "production",
        is_demo=account.is_demo,
        state=_state(member, now, told),
        is_known=member.is_known,
        count=told.assets,
        may_refresh=told.may_refresh and account.is_polled,
        refreshing=told.refreshing,
        parts=_account_parts(member) if opening and opening.is_open else (),
        opening=opening,
        is_counted=member.is_counted,
        tags=member.tags,
        owner_url=owner_url(member),
    )


def _state(member: Member, now: datetime, told: Told) -> State:
    state = state_of(member.stand, now)
    if not told.remedy:
        return state
    may = " Refresh it if it works again." if told.may_refresh and state.slug == "failed" else ""
    return replace(state, remedy=told.remedy + may)


def _account_parts(member: Member) -> tuple[Part, ...]:
    """Return an account's assets, each with the way to its chart."""
    return tuple(
        Part(
            held.asset,
            page_of(member, asset=held.asset),
            figures(held.level),
            flags=flag_words(held.flags),
        )
        for held in member.holdings[:MOST_PARTS]
    )


def owner_url(member: Member) -> str:
    """Return the overview of the accounts of a member's owner, as of the same instant."""
    if isinstance(member.owner, Organization):
        return _owned_by(str(member.owner.uid), member.at)
    return _owned_by(SHARED if member.is_shared else PERSONAL, member.at)


@lru_cache(maxsize=1_000)
def _owned_by(owner: str, at: datetime | None) -> str:
    query = {"owner": owner} | ({} if at is None else {"at": iso(at)})
    return f"{reverse('overview')}?{urlencode(query)}"


def asset_url(asset: str, kind: Kind, kept: Mapping[str, str]) -> str:
    """Return the page of an asset, about the accounts and the instant that `kept` asks for."""
    return f"{reverse('asset')}?{urlencode({'asset': asset, 'kind': kind, **kept})}"


def page_of(member: Member, **more: str) -> str:
    """Return the page of an account as of the instant that a member of a list is of."""
    query = {**member.query, **more}
    url = url_of(member.account)
    return f"{url}?{urlencode(query)}" if query else url


def url_of(account: Account) -> str:
    """Return an account's page."""
    return _page_of(account.uid)


@lru_cache(maxsize=10_000)
def _page_of(uid: UUID) -> str:
    return reverse("account", args=[uid])


def accounts_in_words(count: int) -> str:
    """Return how many accounts there are."""
    return f"{number_formats.whole(count)} account{'' if count == 1 else 's'}"


def some(members: Sequence[Member], at: datetime) -> Some:
    """Return accounts that a page names; of very many the first."""
    return Some(tuple(_named(member, at) for member in members[:MOST_NAMED]), len(members))


def _named(member: Member, at: datetime) -> Named:
    url, owner = page_of(member), owner_name(member.owner)
    return Named(member.account.label, url, owner, state_of(member.stand, at))
