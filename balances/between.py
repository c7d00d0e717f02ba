"""How far an amount moved between two instants: of the accounts that were in it at both.

What joins or leaves brings or takes its amount: neither gain nor loss, so it is named instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from balances.amounts import Level
from balances.gathering import fitting, holding
from balances.portfolio import Kind, Member, counting

#: So many names are written out.
MOST_NAMES = 3
NOTHING = Level(0, 0, 0, 0, 1)


@dataclass(frozen=True, slots=True)
class Between:
    """The change of those who stayed, and the labels of those who joined or left."""

    change: Level | None  # unknown, if nobody was known at both instants
    joined: tuple[str, ...]
    left: tuple[str, ...]

    @property
    def note(self) -> str:
        """Who is not in the change, in words."""
        told = (
            f"without {names(self.joined)}, joined since" if self.joined else "",
            f"without {names(self.left)}, left since" if self.left else "",
        )
        return "; ".join(filter(None, told))


def between(before: Sequence[Member], after: Sequence[Member], asset: str, kind: Kind) -> Between:
    """Return how far an asset moved from one instant to another one of the same scope."""
    first, last = (known(members, asset, kind) for members in (before, after))
    steady = [pk for pk in last if pk in first]
    moves = [level_of(last[pk], asset) - level_of(first[pk], asset) for pk in steady]
    return Between(
        change=reduce(add, moves, NOTHING) if steady else None,
        joined=tuple(m.account.label for pk, m in last.items() if pk not in first),
        left=tuple(m.account.label for pk, m in first.items() if pk not in last),
    )


def known(members: Iterable[Member], asset: str, kind: Kind) -> Mapping[int, Member]:
    """Return the members whose amounts of an asset are in totals and known, by account."""
    inside = fitting(counting(members), asset, kind)
    return {member.account.pk: member for member in inside if member.is_known}


def level_of(member: Member, asset: str) -> Level:
    """Return what a known member holds of an asset; what it never held is zero."""
    held = holding(member, asset)
    return NOTHING if held is None else held.level


def level(members: Iterable[Member], asset: str, kind: Kind) -> Level | None:
    """Return what the members hold together; unknown while none of them is known."""
    inside = known(members, asset, kind).values()
    return reduce(add, (level_of(one, asset) for one in inside)) if inside else None


def names(labels: Sequence[str]) -> str:
    """Return labels in a sentence, the first few of them."""
    shown, rest = labels[:MOST_NAMES], len(labels) - MOST_NAMES
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
