"""From holdings to the rows of tables, formatted for the reader."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from accounts.models import Account, Environment, Organization, User
from balances.amounts import Amount, Level
from balances.change_screens import TO_COME, Moved
from balances.holdings import VANISHED
from balances.instants import iso
from balances.narrowing import PERSONAL
from balances.openings import Openings
from balances.portfolio import Held, Kind, Member, total
from balances.screens import AccountRow, AssetRow, AssetTable, Coverage, Figures, Part
from balances.states import in_sentence, instant_of, state_of

#: How a holding moved by itself.
PartMoved = Callable[[Held], Moved]

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
    )


def _why_old(member: Member, at: datetime) -> str:
    if member.is_fresh(at):
        return ""
    state = state_of(member.stand, at)
    return in_sentence(state.reason or state.word)


def asset_tables(
    members: Sequence[Member],
    now: datetime,
    openings: Openings | None = None,
    moved: Mapping[tuple[Kind, str], Moved] | None = None,
    part_moved: PartMoved | None = None,
) -> tuple[AssetTable, ...]:
    """Return the tables of real money and, if there is any, of test money.

    With `moved` they say how assets moved; what is not in it is still to come. With `part_moved`
    the parts of open rows say so, too.
    """
    by_kind: dict[Kind, dict[str, list[tuple[Member, Held]]]] = {
        "production": defaultdict(list),
        "testnet": defaultdict(list),
    }
    for member in members:
        for held in member.holdings:
            by_kind[held.kind][held.asset].append((member, held))
    return tuple(
        AssetTable(
            kind,
            _TITLES[kind],
            tuple(
                replace(
                    _asset_row(asset, g[asset], now, openings, part_moved),
                    moved=None if moved is None else moved.get((kind, asset), TO_COME),
                )
                for asset in sorted(g)
            ),
        )
        for kind, g in by_kind.items()
        if g or kind == "production"
    )


def _asset_row(
    asset: str,
    group: list[tuple[Member, Held]],
    now: datetime,
    openings: Openings | None,
    part_moved: PartMoved | None,
) -> AssetRow:
    member, held = group[0]
    opening = openings.of_asset(asset, held.kind) if openings else None
    kept = openings.kept if openings else member.query
    return AssetRow(
        asset=asset,
        url=asset_url(asset, held.kind, kept),
        figures=figures(total(held for _, held in group)),
        coverage=coverage((member for member, _ in group), now),
        count=len(group),
        parts=_asset_parts(group, now, part_moved) if opening and opening.is_open else (),
        flags=_row_flags(group),
        opening=opening,
    )


def _asset_parts(
    group: list[tuple[Member, Held]], now: datetime, part_moved: PartMoved | None
) -> tuple[Part, ...]:
    return tuple(
        Part(
            label=member.account.label,
            url=page_of(member),
            figures=figures(held.level),
            state=state_of(member.stand, now),
            flags=flag_words(held.flags),
            moved=part_moved(held) if part_moved else None,
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
