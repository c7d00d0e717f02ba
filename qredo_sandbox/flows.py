"""Flows: what comes and goes in a treasury, as a step function of absolute time.

Time is cut into periods. At the edge of each the settled level is known without looking back,
because it is drawn, not summed up. Inside a period the level moves once: proposed at one second,
pending for a while, then settled (or refused). Two holdings that share a flow in opposite
directions are a transfer or a swap: both sides pend and settle together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from qredo_sandbox.chance import draw, key_for, material

LEVEL_BITS = 48
FULL = 1 << LEVEL_BITS  # levels lie in 0 <= level < FULL

Shape = Callable[[int, int], int]
"""From a key and the number of a period to the level that is settled when the period begins."""


class Stage(NamedTuple):
    """A stretch without change: seconds ``since`` <= t < ``until``, and the level in it."""

    since: int
    until: int
    settled: int
    proposed: int


class Move(NamedTuple):
    """What a period brings: proposed at ``opens``, settled at ``settles``, or refused there."""

    period: int
    opens: int
    settles: int
    before: int
    proposed: int
    after: int


@dataclass(frozen=True, slots=True)
class Tempo:
    """How often a flow moves, in seconds; ``opens + spread + longest`` must fit in the period."""

    period: int
    opens: int
    spread: int
    shortest: int
    longest: int
    phase: int | None = None  # None: each flow its own, so that they do not move in step


HOUR, DAY = 3_600, 86_400
MINUTES = Tempo(480, opens=0, spread=200, shortest=60, longest=270)
HOURS = Tempo(4 * HOUR, opens=0, spread=2 * HOUR, shortest=300, longest=100 * 60)
DAILY = Tempo(DAY, opens=7 * HOUR, spread=8 * HOUR, shortest=600, longest=17 * HOUR // 2, phase=0)
# 1970-01-02 was a Friday, 1970-01-05 a Monday.
FRIDAYS = Tempo(
    7 * DAY, opens=9 * HOUR, spread=2 * HOUR, shortest=1_800, longest=2 * DAY, phase=DAY
)
MONTHLY = Tempo(
    28 * DAY, opens=8 * HOUR, spread=30 * HOUR, shortest=2 * HOUR, longest=3 * DAY, phase=4 * DAY
)


def _level(key: int, position: int) -> int:
    return draw(key, position) & (FULL - 1)


def drift(active: int) -> Shape:
    """Wander around the middle; in a period the level moves with ``active`` chances in 16."""

    def level(key: int, period: int) -> int:
        # Every 16th period counts as active, which bounds the look back.
        while period & 15 and draw(key + 1, period) & 15 >= active:
            period -= 1
        slow, middle, fast = period >> 6, period >> 3, period
        return (4 * _level(key + 2, slow) + 3 * _level(key + 3, middle) + _level(key, fast)) >> 3

    return level


def run_down(cycle: int) -> Shape:
    """Fill up once in ``cycle`` periods, then pay out bit by bit."""

    def level(key: int, period: int) -> int:
        number, age = divmod(period, cycle)
        filled = (FULL + _level(key, number)) >> 1
        ragged = _level(key + 1, period) * filled // (2 * cycle) >> LEVEL_BITS
        return filled * (cycle - age) // cycle - ragged

    return level


def visit(cycle: int, absent: int) -> Shape:
    """Hold nothing for ``absent`` periods of each ``cycle``, and something in the others."""

    def level(key: int, period: int) -> int:
        if (period + key) % cycle < absent:
            return 0
        return (FULL >> 2) + (_level(key, period >> 2) >> 1)

    return level


class Flow:
    """One flow of one world. The last stage is kept to save work: answers never depend on it."""

    def __init__(self, seed: int, name: str, tempo: Tempo, shape: Shape) -> None:
        self._key = key_for(seed, "flow", name)
        self._tempo = tempo
        self._shape = shape
        self._phase = self._key % tempo.period if tempo.phase is None else tempo.phase
        self._stage = Stage(0, 0, 0, 0)

    def stage(self, second: int) -> Stage:
        """Return the stage in which the Unix second lies."""
        stage = self._stage
        if not stage.since <= second < stage.until:
            stage = self._stage = self._stage_at(second)
        return stage

    def _stage_at(self, second: int) -> Stage:
        length = self._tempo.period
        begins = second - (second - self._phase) % length
        _, opens, settles, before, proposed, after = self._move((second - self._phase) // length)
        if proposed == before:
            return Stage(begins, begins + length, before, before)
        if second < opens:
            return Stage(begins, opens, before, before)
        if second < settles:
            return Stage(opens, settles, before, proposed)
        return Stage(settles, begins + length, after, after)

    def moves(self, since: int, second: int) -> Iterator[Move]:
        """Yield what was proposed until a Unix second, newest first, back to about ``since``."""
        period = (second - self._phase) // self._tempo.period
        while self._phase + (period + 1) * self._tempo.period > since:
            move = self._move(period)
            if move.proposed != move.before and move.opens <= second:
                yield move
            period -= 1

    def material(self, move: Move, size: int) -> bytes:
        """Return bytes that belong to a move alone, the same for every side of the flow."""
        return material(size, self._key, "move", move.period)

    def _move(self, period: int) -> Move:
        begins = self._phase + period * self._tempo.period
        before, after = self._shape(self._key, period), self._shape(self._key, period + 1)
        proposed = after if before != after else self._refused(period, before)
        if proposed == before:
            return Move(period, begins, begins, before, before, before)
        return Move(period, *self._pending(period, begins), before, proposed, after)

    def _pending(self, period: int, begins: int) -> tuple[int, int]:
        tempo = self._tempo
        opens = begins + tempo.opens + draw(self._key + 4, period) % tempo.spread
        # Squared, so that most approvals come quickly and a few hang.
        slowness = (draw(self._key + 5, period) & 0xFFFF) ** 2
        return opens, opens + tempo.shortest + ((tempo.longest - tempo.shortest) * slowness >> 32)

    def _refused(self, period: int, level: int) -> int:
        """Now and then something is proposed that nobody approves: it pends and goes."""
        if level == 0 or draw(self._key + 6, period) & 3:
            return level
        return (3 * level + _level(self._key + 7, period)) >> 2
