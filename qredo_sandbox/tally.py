"""Counts what happened to the requests of every key, so that tests can count polls."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """The counters of one key."""

    requests: int = 0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def shown(self) -> dict[str, object]:
        """Return the counters as they travel in JSON."""
        return {
            "requests": self.requests,
            "accepted": self.accepted,
            "refused": dict(self.refused),
            "faults": dict(self.faults),
        }


class Tallies:
    """Counters by key id; ids that were never a key share one, so that nobody can fill memory."""

    def __init__(self) -> None:
        self._by_key: dict[str, Tally] = {}
        self._unknown = Tally()

    def of(self, key_id: str, *, known: bool) -> Tally:
        """Return the counters to add to."""
        if known:
            return self._by_key.setdefault(key_id, Tally())
        return self._by_key.get(key_id, self._unknown)

    def clear(self) -> None:
        """Count from zero again."""
        self._by_key.clear()
        self._unknown = Tally()

    def shown(self) -> dict[str, object]:
        """Return all counters as they travel in JSON."""
        keys = {key_id: tally.shown() for key_id, tally in self._by_key.items()}
        return {"keys": keys, "unknown": self._unknown.shown()}
