"""What a line of the benchmark is, and how lines are printed."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One measured value, divided by its floor; `goal` is the largest ratio that meets it."""

    number: int
    name: str
    value: float
    floor: float
    unit: str
    goal: float

    @property
    def ratio(self) -> float:
        return self.value / self.floor

    @property
    def met(self) -> bool:
        return self.ratio <= self.goal


def cpu_and_wall(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of this process's CPU, and of the wall, that `work` takes."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def best_cpu(work: Callable[[], object], *, repeat: int = 5, times: int = 20) -> float:
    """Return the CPU seconds of one `work`, from the best of several repetitions."""
    work()
    return (
        min(cpu_and_wall(lambda: [work() for _ in range(times)])[0] for _ in range(repeat)) / times
    )


def table(lines: Iterable[Line]) -> str:
    """Return the lines as a table."""
    rows = [f"{'#':>2}  {'line':<52} {'value':>12} {'floor':>12} {'ratio':>7} {'goal':>6}  met"]
    for line in lines:
        value, floor = f"{line.value:.3f} {line.unit}", f"{line.floor:.3f} {line.unit}"
        rows.append(
            f"{line.number:>2}  {line.name:<52} {value:>12} {floor:>12}"
            f" {line.ratio:>7.2f} {line.goal:>6.2f}  {'yes' if line.met else 'no'}"
        )
    return "\n".join(rows)


def as_json(lines: Iterable[Line]) -> str:
    """Return the lines as JSON."""
    return json.dumps(
        [{**asdict(line), "ratio": round(line.ratio, 3), "met": line.met} for line in lines]
    )
