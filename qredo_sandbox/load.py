"""Load: how many requests of an environment were under way at once, and came within a second.

It is real time that counts here, whatever the simulator's clock says.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable


class LastSecond:
    """The instants of the last second."""

    def __init__(self) -> None:
        self._instants: deque[float] = deque()

    def count(self) -> int:
        """Return how many there are."""
        past = time.monotonic() - 1
        while self._instants and self._instants[0] <= past:
            self._instants.popleft()
        return len(self._instants)

    def oldest_age(self) -> float:
        """Return how many seconds ago the oldest was; there has to be one."""
        return time.monotonic() - self._instants[0]

    def add(self) -> None:
        """Add this instant."""
        self._instants.append(time.monotonic())


class Load:
    """The requests of one environment, and their largest numbers so far."""

    def __init__(self) -> None:
        self._under_way = 0
        self._recent = LastSecond()
        self._most_at_once = self._most_per_second = 0

    def begin(self) -> Callable[[], None]:
        """Count a request; call what is returned once it is answered or given up."""
        self._under_way += 1
        self._recent.add()
        self._most_at_once = max(self._most_at_once, self._under_way)
        self._most_per_second = max(self._most_per_second, self._recent.count())
        return self._end

    def _end(self) -> None:
        self._under_way -= 1

    def clear(self) -> None:
        """Forget the largest numbers; what is under way stays."""
        self._most_at_once, self._most_per_second = self._under_way, 0
        self._recent = LastSecond()

    def shown(self) -> dict[str, int]:
        """Return the numbers as they travel in JSON."""
        return {
            "under_way": self._under_way,
            "most_at_once": self._most_at_once,
            "most_per_second": self._most_per_second,
        }


class Loads:
    """The load of every environment."""

    def __init__(self, environments: Iterable[str]) -> None:
        self._by_environment = {environment: Load() for environment in environments}

    def begin(self, environment: str) -> Callable[[], None]:
        """Count a request of an environment."""
        return self._by_environment[environment].begin()

    def clear(self) -> None:
        """Count from zero again."""
        for load in self._by_environment.values():
            load.clear()

    def shown(self) -> dict[str, dict[str, int]]:
        """Return all numbers as they travel in JSON."""
        return {environment: load.shown() for environment, load in self._by_environment.items()}
