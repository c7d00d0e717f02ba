"""How far each holding moved by itself, for rows that are open.

What it holds at the end is what its row shows, so that no change contradicts that.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from balances.core.amounts import Level
from balances.core.intervals import Spans
from balances.portfolio.change import Between, is_throughout
from balances.portfolio.levels_at import NOTHING, held_by
from balances.series.coverage import known_spans

#: An account's id and an asset.
Held = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What accounts held at some instants, and since when each is known without a break."""

    known: Spans
    levels: Mapping[datetime, Mapping[Held, Level]]
    end: datetime

    @classmethod
    def of(
        cls,
        spans: Spans,
        ids: Collection[int],
        starts: Sequence[datetime],
        end: datetime,
        asset: str | None = None,
    ) -> "Earlier":
        """Look up accounts within `spans`; with `asset` nothing else. One statement a start."""
        known = known_spans({pk: spans[pk] for pk in ids if pk in spans})
        levels = {
            at: {(pk, name): Level(*map(int, amounts)) for pk, name, *amounts in rows}
            for at, rows in ((at, held_by(known, at, asset)) for at in starts)
        }
        return cls(known, levels, end)

    def moved(self, one: Held, level: Level) -> tuple[Between, ...]:
        """Return how a holding moved since each start to the level that it has at the end.

        Unknown where its account was not known, and the reader's, all along.
        """
        return tuple(self._between(at, one, level) for at in self.levels)

    def _between(self, start: datetime, one: Held, level: Level) -> Between:
        account, _ = one
        spans = self.known.get(account, ())
        if not is_throughout(spans, start, self.end):
            return Between(change=None, joined=(), left=())
        before = self.levels[start].get(one, NOTHING)
        return Between(change=level - before, joined=(), left=(), before=before)
