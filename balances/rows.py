"""From holdings to the rows of tables, formatted for the reader."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from accounts.models import Account, Environment, Organization, User
from balances.amounts import Amount, Level
from balances.holdings import VANISHED
from balances.instants import iso
from balances.narrowing import PERSONAL
from balances.openings import Openings
from balances.portfolio import Held, Kind, Member, total
from balances.screens import AccountRow, AssetRow, AssetTable, Coverage, Figures, Part
from balances.states import in_sentence, instant_of, state_of
from balances.testnet import environments_of

_TITLES: dict[Kind, str] = {"production": "Assets", "testnet": "Testnet assets, worthless"}

FLAG_WORDS = {
    "identity": "Total is not available + pending in - pending out",
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


def coverage(members: Iterable[Member], at: datetime) -> Coverage:
    """Return how many of the accounts are fresh, and which is the oldest in the figure."""
    counted = [member for member in members if not member.is_archived]
    seen = [(member.stand.sight.observed_at, member) for member in counted if member.stand.sight]
    observed_at, oldest = min(seen, key=lambda pair: pair[0], default=(at, None))
    return Coverage(
        fresh=sum(member.is_fresh(at) for member in counted),
        expected=len(counted),
        oldest=None if oldest is None else instant_of(oldest.stand, observed_at, at),
        oldest_label="" if oldest is None else oldest.account.label,
        oldest_reason="" if oldest is None else _why_old(oldest, at),
        unknown=len(counted) - len(seen),
        partial=sum(member.stand.is_partial for member in counted),
    )


def coverages(
    members: Sequence[Member], assets: Iterable[tuple[str, Kind]], at: datetime
) -> dict[tuple[str, Kind], Coverage]:
    """Return how whole the totals of assets are: over every account that could hold them.

    Who was not seen with an asset holds none of it as of when it was seen, which may be long ago;
    who was never seen may hold any.
    """
    environments = {
        (asset, kind): environments_of(asset, is_test_money=kind == "testnet")
        for asset, kind in assets
    }
    found = {
        some: coverage([one for one in members if one.account.environment in some], at)
        for some in set(environments.values())
    }
    return {asset: found[some] for asset, some in environments.items()}


def _why_old(member: Member, at: datetime) -> str:
    if member.is_fresh(at):
        return ""
    state = state_of(member.stand, at)
    return in_sentence(state.reason or state.word)


def asset_tables(
    members: Sequence[Member], now: datetime, openings: Openings | None = None
) -> tuple[AssetTable, ...]:
    """Return the tables of real money and, if there is any, of test money."""
    groups: dict[tuple[str, Kind], list[tuple[Member, Held]]] = defaultdict(list)
    for member in members:
        for held in member.holdings:
            groups[held.asset, held.kind].append((member, held))
    covered = coverages(members, groups, now)
    rows = {one: _asset_row(groups[one], covered[one], now, openings) for one in sorted(groups)}
    return tuple(
        AssetTable(kind, title, found)
        for kind, title in _TITLES.items()
        if (found := tuple(row for one, row in rows.items() if one[1] == kind))
        or kind == "production"
    )


def _asset_row(
    group: list[tuple[Member, Held]],
    covered: Coverage,
    now: datetime,
    openings: Openings | None,
) -> AssetRow:
    member, held = group[0]
    opening = openings.of_asset(held.asset, held.kind) if openings else None
    kept = openings.kept if openings else member.query
    return AssetRow(
        asset=held.asset,
        url=asset_url(held.asset, held.kind, kept),
        figures=figures(total(held for _, held in group)),
        coverage=covered,
        count=len(group),
        parts=_asset_parts(group, now) if opening and opening.is_open else (),
        flags=_row_flags(group),
        opening=opening,
    )


def _asset_parts(group: list[tuple[Member, Held]], now: datetime) -> tuple[Part, ...]:
    return tuple(
        Part(
            label=member.account.label,
            url=page_of(member),
            figures=figures(held.level),
            state=state_of(member.stand, now),
            flags=flag_words(held.flags),
        )
        for member, held in group
    )


def _row_flags(group: list[tuple[Member, Held]]) -> tuple[str, ...]:
    """Return what is odd about an asset, each with the account it concerns."""
    return tuple(
        f"{member.account.label}: {words}"
        for member, held in group
        for flag, words in zip(held.flags, flag_words(held.flags), strict=True)
        # A part that is gone is zero and needs no word at the sum, which is right.
        if flag != VANISHED
    )


def flag_words(flags: Iterable[str]) -> tuple[str, ...]:
    """Return what the flags of a figure say to a reader."""
    return tuple(FLAG_WORDS.get(flag, flag) for flag in flags)


def account_row(
    member: Member,
    now: datetime,
    *,
    may_refresh: bool = False,
    refreshing: bool = False,
    openings: Openings | None = None,
) -> AccountRow:
    """Return an account's row in a list."""
    account = member.account
    opening = openings.of_account(account) if openings and member.holdings else None
    return AccountRow(
        uid=str(account.uid),
        url=page_of(member),
        label=account.label,
        owner=owner_name(member.owner),
        kind="Personal" if member.is_personal else "Organization",
        environment="sandbox" if account.environment == Environment.SANDBOX else "production",
        is_demo=account.is_demo,
        state=state_of(member.stand, now),
        is_known=member.is_known,
        count=len(member.holdings),
        may_refresh=may_refresh and account.is_polled,
        refreshing=refreshing,
        parts=_account_parts(member) if opening and opening.is_open else (),
        opening=opening,
        is_counted=member.is_counted,
        tags=member.tags,
        owner_url=owner_url(member),
    )


def _account_parts(member: Member) -> tuple[Part, ...]:
    """Return an account's assets, each with the way to its chart."""
    return tuple(
        Part(
            held.asset,
            page_of(member, asset=held.asset),
            figures(held.level),
            flags=flag_words(held.flags),
        )
        for held in member.holdings
    )


def owner_name(owner: User | Organization) -> str:
    """Return what an owner is called."""
    return owner.name or owner.email if isinstance(owner, User) else owner.name


def owner_url(member: Member) -> str:
    """Return the overview of the accounts of a member's owner, as of the same instant."""
    owner = PERSONAL if isinstance(member.owner, User) else str(member.owner.uid)
    return _owned_by(owner, member.at)


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
