"""Who holds an asset: by owner, the largest first, with shares of the total and subtotals."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from balances.amounts import Level
from balances.asset_screens import Holder, HolderGroup, Named
from balances.gathering import holding
from balances.portfolio import Held, Member, total
from balances.rows import figures, flag_words, owner_name, owner_url, page_of
from balances.shares import percent
from balances.states import state_of

Holding = tuple[Member, Held]
_NOTHING = Level(0, 0, 0, 0, 1)


def holdings_of(members: Iterable[Member], asset: str) -> tuple[list[Holding], list[Member]]:
    """Return who holds an asset and what, and who held it before and holds none of it now."""
    found = [(one, held) for one in members if (held := holding(one, asset)) is not None]
    present = [(one, held) for one, held in found if not held.level.is_nothing]
    return present, [one for one, held in found if held.level.is_nothing]


@dataclass(frozen=True, slots=True)
class Rows:
    """Makes the rows of an asset: the total that shares are of, and the instant."""

    whole: Level | None
    at: datetime

    def groups(self, found: Sequence[Holding]) -> tuple[HolderGroup, ...]:
        """Return the holders by owner."""
        by_owner: dict[tuple[str, str], list[Holding]] = defaultdict(list)
        for member, held in found:
            by_owner[owner_name(member.owner), owner_url(member)].append((member, held))
        finest = max((held.level.scale for _, held in found), default=1)
        ordered = sorted(by_owner.items(), key=lambda one: -_sum(one[1]).at_scale(finest).total)
        return tuple(self._group(*owner, theirs) for owner, theirs in ordered)

    def _group(self, owner: str, url: str, found: Sequence[Holding]) -> HolderGroup:
        is_any = any(member.is_counted for member, _ in found)
        return HolderGroup(
            owner=owner,
            url=url,
            figures=figures(_sum(found)) if is_any else None,
            share=share_of(_sum(found), self.whole) if is_any else "",
            rows=tuple(self._holder(one, held) for one, held in _largest_first(found)),
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

    def named(self, members: Iterable[Member]) -> tuple[Named, ...]:
        """Return accounts that a page names."""
        return tuple(named(member, self.at) for member in members)


def named(member: Member, at: datetime) -> Named:
    """Return an account that a page names."""
    url, owner = page_of(member), owner_name(member.owner)
    return Named(member.account.label, url, owner, state_of(member.stand, at))


def share_of(part: Level, whole: Level | None) -> str:
    """Return a part of a total in percent; of nothing there is no part."""
    if whole is None:
        return ""
    scale = max(part.scale, whole.scale)
    return percent(part.at_scale(scale).total, whole.at_scale(scale).total)


def _sum(found: Sequence[Holding]) -> Level:
    counted = [held for member, held in found if member.is_counted]
    return total(counted) if counted else _NOTHING


def _largest_first(found: Sequence[Holding]) -> list[Holding]:
    finest = max(held.level.scale for _, held in found)
    return sorted(found, key=lambda pair: -pair[1].level.at_scale(finest).total)
