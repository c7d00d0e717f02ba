"""What a line of the benchmark is, and how lines are printed."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One measured value and the largest ratio that meets its goal.

    Without a floor the value itself is held against the goal. `growth` is the value with ten times
    the history, divided by the value with the smaller one.
    """

    number: int
    name: str
    value: float
    unit: str
    goal: float
    floor: float | None = None
    growth: float | None = None

    @property
    def ratio(self) -> float:
        return self.value if self.floor is None else self.value / self.floor

    @property
    def met(self) -> bool:
        return self.ratio <= self.goal

    def cells(self) -> tuple[str, ...]:
        return (
            str(self.number),
            self.name,
            f"{_short(self.value)} {self.unit}",
            "-" if self.floor is None else f"{_short(self.floor)} {self.unit}",
            "-" if self.floor is None else _short(self.ratio),
            "-" if self.growth is None else _short(self.growth),
            _short(self.goal),
            "yes" if self.met else "no",
        )


HEAD = ("#", "line", "value", "floor", "ratio", "growth", "goal", "met")


def cpu_and_wall(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of this process's CPU, and of the wall, that `work` takes."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def best(work: Callable[[], object], *, repeat: int) -> tuple[float, float]:
    """Return the least CPU and the least wall time of several `work`, in seconds."""
    cpu, wall = zip(*(cpu_and_wall(work) for _ in range(repeat)), strict=True)
    return min(cpu), min(wall)


def best_cpu(work: Callable[[], object], *, repeat: int = 5, times: int = 20) -> float:
    """Return the CPU seconds of one `work`, from the best of several repetitions."""
    work()
    return (
        min(cpu_and_wall(lambda: [work() for _ in range(times)])[0] for _ in range(repeat)) / times
    )


def best_wall(work: Callable[[], object], *, repeat: int = 5) -> float:
    """Return the seconds of the quickest `work` of several, after one that warms up."""
    work()
    return min(cpu_and_wall(work)[1] for _ in range(repeat))


def p95(works: Iterable[Callable[[], object]]) -> float:
    """Return the seconds within which 95 of a hundred end, each done once."""
    took = sorted(cpu_and_wall(work)[1] for work in works)
    return took[len(took) * 95 // 100]


def table(lines: Iterable[Line]) -> str:
    """Return the lines as a table."""
    rows = [HEAD, *(line.cells() for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 1 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def as_json(lines: Iterable[Line]) -> str:
    """Return the lines as JSON."""
    return json.dumps([{**asdict(line), "ratio": line.ratio, "met": line.met} for line in lines])


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 1000 else f"{number:.3g}"
