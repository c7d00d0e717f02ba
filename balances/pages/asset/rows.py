"""Who holds an asset: by owner, the largest first, with shares of the total and subtotals."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from balances.core.amounts import Level
from balances.core.percent import percent
from balances.pages.asset.context import Holder, HolderGroup
from balances.pages.components.status_text import state_of
from balances.pages.components.tables import (
    accounts_in_words,
    figures,
    flag_words,
    owner_url,
    page_of,
)
from balances.pages.query.selection import holding
from balances.portfolio.members import Held, Member, owner_name, total

Holding = tuple[Member, Held]
_NOTHING = Level(0, 0, 0, 0, 1)


def holdings_of(members: Iterable[Member], asset: str) -> tuple[list[Holding], list[Member]]:
    """Return who holds an asset and what, and who held it before and holds none of it now."""
    found = [(one, held) for one in members if (held := holding(one, asset)) is not None]
    present = [(one, held) for one, held in found if not held.level.is_nothing]
    return present, [one for one, held in found if held.level.is_nothing]


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody's accounts that hold an asset, the largest first."""

    name: str
    url: str  # everything of theirs
    holdings: Sequence[Holding]

    @property
    def counted(self) -> list[Held]:
        """What is in totals of what they hold."""
        return [held for member, held in self.holdings if member.is_counted]


def by_owner(found: Sequence[Holding]) -> list[Owner]:
    """Return the holders of an asset by owner, the largest first."""
    theirs: dict[tuple[str, str], list[Holding]] = defaultdict(list)
    for member, held in found:
        theirs[owner_name(member.owner), owner_url(member)].append((member, held))
    finest = max((held.level.scale for _, held in found), default=1)
    owners = [Owner(*owner, _largest_first(holdings)) for owner, holdings in theirs.items()]
    return sorted(owners, key=lambda one: -_sum(one.counted).at_scale(finest).total)


@dataclass(frozen=True, slots=True)
class Rows:
    """Makes the rows of an asset: the total that shares are of, and the instant."""

    whole: Level | None
    at: datetime

    def groups(self, shown: Iterable[tuple[Owner, Holding]]) -> tuple[HolderGroup, ...]:
        """Return the holders of one page by owner, each owner's sums over all that they hold."""
        return tuple(
            self._group(owner, [holding for _, holding in theirs])
            for owner, theirs in groupby(shown, key=itemgetter(0))
        )

    def _group(self, owner: Owner, shown: Sequence[Holding]) -> HolderGroup:
        level = _sum(owner.counted) if owner.counted else None
        return HolderGroup(
            owner=owner.name,
            url=owner.url,
            figures=None if level is None else figures(level),
            share="" if level is None else share_of(level, self.whole),
            count=accounts_in_words(len(owner.holdings)),
            rows=tuple(self._holder(*holding) for holding in shown),
        )

    def _holder(self, member: Member, held: Held) -> Holder:
        return Holder(
            label=member.account.label,
            url=page_of(member, asset=held.asset),
            owner=owner_name(member.owner),
            figures=figures(held.level),
            share=share_of(held.level, self.whole) if member.is_counted else "",
            state=state_of(member.stand, self.at),
            flags=flag_words(held.flags),
            is_counted=member.is_counted,
        )


def share_of(part: Level, whole: Level | None) -> str:
    """Return a part of a total in percent; of nothing there is no part."""
    if whole is None:
        return ""
    scale = max(part.scale, whole.scale)
    return percent(part.at_scale(scale).total, whole.at_scale(scale).total)


def _sum(held: Sequence[Held]) -> Level:
    return total(held) if held else _NOTHING


def _largest_first(found: Sequence[Holding]) -> list[Holding]:
    finest = max(held.level.scale for _, held in found)
    return sorted(found, key=lambda pair: -pair[1].level.at_scale(finest).total)
