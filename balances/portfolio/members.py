"""What somebody's accounts hold, now or as of an instant: loaded together, added up exactly."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import add
from typing import Literal

from django.db.models import QuerySet

from accounts.access.compiled import Ids, ids_of
from accounts.access.querysets import count_as_read
from accounts.audit.past_labels import name_as_known
from accounts.models import Account, Organization, Tenure, User
from balances.core import sql
from balances.core.amounts import Level
from balances.core.assets import Kind, kind_of
from balances.core.instants import iso
from balances.history import partial_keys, positions, status_at
from balances.history.status import Polled, Stand, stand_of
from balances.portfolio.loading import Loaded, loaded
from balances.portfolio.scope import Scope

OwnerKind = Literal["Personal", "Organization", "Shared with you"]


@dataclass(frozen=True, slots=True)
class Held:
    """One asset in one account, now."""

    account: Account
    asset: str
    level: Level
    flags: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """Real money or test money; the two are never added up."""
        return kind_of(self.account.environment, self.asset)


@dataclass(frozen=True, slots=True)
class Member:
    """An account with what it stands at and holds, now or at an instant of the past."""

    account: Account
    #: Whose it is, or was then.
    owner: User | Organization
    stand: Stand
    holdings: tuple[Held, ...]
    is_counted: bool = True
    #: Whether another person shares it with the reader.
    is_shared: bool = False
    #: What polls it today; none in the past.
    schedule: Polled | None = None
    #: Its tags of today, in the order of the alphabet.
    tags: tuple[str, ...] = ()
    #: Whether the reader sees it today, so that its tags may be told.
    is_seen_today: bool = True
    #: The instant that it is of; none now.
    at: datetime | None = None

    @property
    def query(self) -> dict[str, str]:
        """What an address says to show it as of the same instant."""
        return {} if self.at is None else {"at": iso(self.at)}

    @property
    def is_known(self) -> bool:
        """Whether there is a snapshot. Without one the account is unknown, never zero."""
        return self.stand.sight is not None

    @property
    def is_archived(self) -> bool:
        """Whether it is in no figure because it is archived."""
        return self.stand.halt is not None and self.stand.halt.kind == "archived"

    @property
    def kind(self) -> OwnerKind:
        """What its owner is to the reader."""
        if self.is_shared:
            return "Shared with you"
        return "Personal" if isinstance(self.owner, User) else "Organization"

    def is_fresh(self, at: datetime) -> bool:
        """Whether the account's figures are fresh."""
        return self.stand.is_fresh(at)


def members(
    reader: User, accounts: QuerySet[Account] | Ids, asset: str | None = None
) -> list[Member]:
    """Load accounts with everything a list of them shows, sorted by owner and label.

    With `asset` nothing else that they hold is loaded.
    """
    return with_holdings(bare_members(reader, accounts), asset)


def bare_members(reader: User, accounts: QuerySet[Account] | Ids) -> list[Member]:
    """Load the same without what they hold, where few of many are shown."""
    ids = accounts if isinstance(accounts, Ids) else ids_of(accounts)
    found = list(loaded(reader, ids))
    told_of = {one.account.id: _seen(one.schedule) for one in found if one.is_told_of}
    partial = partial_keys.partial(told_of) if told_of else set()
    loaded_members = (_member(reader, one, is_partial=one.account.id in partial) for one in found)
    return sorted(loaded_members, key=_place)


def _seen(schedule: Polled | None) -> datetime | None:
    return None if schedule is None else schedule.observed_at


def with_holdings(bare: Sequence[Member], asset: str | None = None) -> list[Member]:
    """Return accounts of today with what they hold, or what they hold of `asset`."""
    held = _holdings([one.account for one in bare], asset)
    return [replace(one, holdings=tuple(held.get(one.account.pk, ()))) for one in bare]


def _member(reader: User, one: Loaded, *, is_partial: bool) -> Member:
    return Member(
        account=one.account,
        owner=one.owner,
        stand=stand_of(one.account, one.schedule, is_partial=is_partial),
        holdings=(),
        is_counted=one.is_counted,
        is_shared=_is_shared(one.account, reader),
        schedule=one.schedule,
        tags=one.tags,
    )


def members_at(scope: Scope, at: datetime, asset: str | None = None) -> list[Member]:
    """Load the accounts of a scope as they were at an instant; those that were archived, too."""
    tenures = list(scope.at(at).prefetch_related("account__tags"))
    seen_today = name_as_known(scope.user, tenures)
    count_as_read(scope.user, tenures)
    found = {
        one.account_id: one for one in positions.positions([t.account_id for t in tenures], at)
    }
    owned = status_at.owned_since(tenures, at)
    stood = status_at.stands_at(owned, tenures, {i: one.sight for i, one in found.items()}, at)
    held = {i: _told_of(one, owned[i], asset) for i, one in found.items()}
    then = [
        replace(
            _member_then(t, stood[t.account_id], held[t.account_id]),
            is_shared=_is_shared(t, scope.user),
        )
        for t in tenures
    ]
    told = (_told(member, at, seen_today) for member in then)
    return sorted(told, key=_place)


def _told(member: Member, at: datetime, seen_today: set[int]) -> Member:
    if member.account.pk not in seen_today:
        return replace(member, at=at, is_seen_today=False)
    return replace(member, at=at, tags=_tags(member.account))


def _is_shared(owned: Account | Tenure, reader: User) -> bool:
    return owned.owner_id not in {None, reader.pk}


def _tags(account: Account) -> tuple[str, ...]:
    return tuple(sorted((tag.name for tag in account.tags.all()), key=str.casefold))


def _told_of(
    found: positions.Position, owned: datetime, asset: str | None
) -> list[positions.Standing]:
    """Return what was held of `asset`, or of all; not what was gone before the owner had it."""
    return [
        one
        for one in found.standings
        if asset in {None, one.asset} and (one.valid_from > owned or not one.level.is_nothing)
    ]


def _member_then(tenure: Tenure, stood: Stand, held: Iterable[positions.Standing]) -> Member:
    owner = tenure.organization or tenure.owner
    assert owner is not None  # noqa: S101 - personal xor organizational
    account = tenure.account
    return Member(
        account=account,
        owner=owner,
        stand=stood,
        holdings=tuple(Held(account, s.asset, s.level, s.flags) for s in held),
        is_counted=tenure.is_counted,
    )


def counting(members: Iterable[Member]) -> list[Member]:
    """Return the members whose amounts are in totals today."""
    return [member for member in members if member.is_counted]


def not_counted(reader: User, accounts: Iterable[Account]) -> set[int]:
    """Return the ids of those of the accounts that are in no total of the reader's today."""
    today = list(Tenure.objects.filter(account__in=list(accounts), ended_at=None))
    count_as_read(reader, today)
    return {one.account_id for one in today if not one.is_counted}


def owner_name(owner: User | Organization) -> str:
    """Return what an owner is called."""
    return owner.name or owner.email if isinstance(owner, User) else owner.name


#: In lists: funds, one's own, and apart from them what others share.
_ORDER: dict[OwnerKind, int] = {"Organization": 0, "Personal": 1, "Shared with you": 2}


def _place(member: Member) -> tuple[int, str, str, int]:
    # Two persons may call theirs the same; the order is the same on every page of a list.
    owner = "" if member.kind == "Personal" else owner_name(member.owner)
    return _ORDER[member.kind], owner, member.account.label, member.account.id


#: Begins a statement about holdings of `accounts`: when each came to its owner, if from another.
TURNED = """
WITH turned AS MATERIALIZED (
    SELECT t.account_id, max(t.ended_at) AS at
    FROM accounts_tenure t JOIN accounts_account a ON a.id = t.account_id
    WHERE t.account_id = ANY(%(accounts)s::bigint[]) AND t.ended_at IS NOT NULL
        AND (t.organization_id, t.owner_id) IS DISTINCT FROM (a.organization_id, a.owner_id)
    GROUP BY 1
)
"""
#: Of holdings `h`: something is held, or on its way.
SOMETHING = "(h.total, h.available, h.pending_in, h.pending_out) <> (0, 0, 0, 0)"
#: Joined to holdings `h`, leaves out what was gone before: it would tell what another one held.
THEIRS = f"""
LEFT JOIN turned ON turned.account_id = h.account_id
WHERE (turned.at IS NULL OR turned.at <= h.changed_at
    OR {SOMETHING})
"""

_HELD = f"""
{TURNED}
SELECT h.account_id, h.asset, h.total, h.available, h.pending_in, h.pending_out, h.scale, h.flags
FROM balances_holding h {THEIRS}
    AND h.account_id = ANY(%(accounts)s) AND (%(asset)s::text IS NULL OR h.asset = %(asset)s)
ORDER BY 1, 2
"""  # noqa: S608 - fixed text


def _holdings(accounts: list[Account], asset: str | None) -> dict[int, list[Held]]:
    by_id = {account.pk: account for account in accounts}
    found: dict[int, list[Held]] = defaultdict(list)
    values = {"accounts": sql.ids(by_id), "asset": asset}
    for account_id, name, *amounts, flags in sql.rows(_HELD, values):
        held = Held(by_id[account_id], name, Level(*map(int, amounts)), tuple(flags))
        found[account_id].append(held)
    return found


def total(held: Iterable[Held]) -> Level:
    """Add up holdings of one asset, exactly, at the finest scale among them."""
    by_scale: dict[int, list[Level]] = defaultdict(list)
    for one in held:
        by_scale[one.level.scale].append(one.level)
    return reduce(add, (_sum(levels, scale) for scale, levels in by_scale.items()))


def _sum(levels: list[Level], scale: int) -> Level:
    # Most are of one scale: then nothing has to be brought to another.
    return Level(
        sum(one.total for one in levels),
        sum(one.available for one in levels),
        sum(one.pending_in for one in levels),
        sum(one.pending_out for one in levels),
        scale,
    )
