"""One fault on its way: how often it is injected, at which moments, and what was seen."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random


@dataclass
class Trial:
    """What a fault is given, and what it leaves behind for its line of the table."""

    times: int
    chance: Random
    minutes: float | None = None
    injected: int = 0
    #: Requests beyond one for each slot that is fresh or failed.
    surplus: int = 0
    recoveries: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def must(self, holds: object, rule: str) -> None:
        """Note a rule that does not hold; the trial goes on, for the others' sake."""
        if not holds:
            self.breaks(rule)

    def breaks(self, rule: str) -> None:
        if rule not in self.broken:
            self.broken.append(rule)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def moment(self, most: float) -> None:
        """Let a random time pass: a fault keeps to no rhythm."""
        time.sleep(self.chance.uniform(0, most))

    def recovers(self, condition: Callable[[], object], *, within: float, rule: str) -> None:
        """Measure how long it takes until something holds again."""
        begun = time.monotonic()
        while not condition():
            if time.monotonic() > begun + within:
                self.breaks(rule)
                return
            time.sleep(0.1)
        self.recoveries.append(time.monotonic() - begun)

    def recovery(self, share: float) -> float | None:
        """Return the time within which this share of the recoveries was over."""
        ordered = sorted(self.recoveries)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def now() -> datetime:
    return datetime.now(UTC)
