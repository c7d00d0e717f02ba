"""All faults that are injected, with how often and what has to hold."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults import deaths
from tests.faults.audit import Tally
from tests.faults.trial import Trial


@dataclass(frozen=True)
class Fault:
    """One line of the table."""

    number: int
    name: str
    times: int
    run: Callable[[Trial], Tally]


FAULTS = (
    Fault(1, "kill -9 of a pool child", 50, deaths.pool_child_killed),
    Fault(2, "kill -9 of a worker", 50, deaths.worker_killed),
    Fault(3, "SIGTERM of a worker", 50, deaths.worker_asked_to_end),
    Fault(10, "kill -9 of a writer inside a chunk", 200, deaths.writer_killed),
)
