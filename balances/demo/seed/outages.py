"""How the polls of a day went: mostly fresh, now and then failed or missed for a while."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random

#: Outcome and reason, and for how many slots at most.
_OUTAGES = (
    ("failed", "timeout", 6),
    ("failed", "upstream_error", 12),
    ("missed", "unclaimed", 30),
)
#: One day of so many has an outage.
_RARITY = 25


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive slots of one outcome."""

    first: datetime
    slots: int
    outcome: str = "fresh"
    reason: str = ""


def parts(slots: int, chance: Random) -> Iterator[tuple[int, str, str]]:
    """Cut the slots of a day; it begins and ends with fresh ones."""
    if slots < 3 or chance.randrange(_RARITY):
        yield slots, "fresh", ""
        return
    outcome, reason, longest = chance.choice(_OUTAGES)
    lost = chance.randrange(1, min(longest, slots - 2) + 1)
    before = chance.randrange(1, slots - lost)
    yield before, "fresh", ""
    yield lost, outcome, reason
    yield slots - lost - before, "fresh", ""
