"""All faults that are injected, with how often and what has to hold."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults import beats, clocks, deaths, starts, stores, upstream, vault
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
    Fault(4, "kill -9 of Valkey under load", 50, stores.valkey_killed),
    Fault(5, "Valkey emptied", 20, stores.valkey_emptied),
    Fault(6, "Valkey at its memory limit", 4, stores.valkey_full),
    Fault(7, "two beats; beat killed, frozen", 3, beats.two),
    Fault(8, "broker, database absent at start", 2, starts.absent),
    Fault(9, "PostgreSQL restarted, pages being read", 20, stores.postgres_restarted),
    Fault(10, "kill -9 of a writer inside a chunk", 200, deaths.writer_killed),
    Fault(13, "upstream three times slower than needed", 1, upstream.slow),
    Fault(14, "upstream sends a byte a second", 30, upstream.dripping),
    Fault(15, "upstream answers 429, 503 to everyone", 2, upstream.refusing),
    Fault(16, "clocks off by 30 s, 10 min; steps", 5, clocks.off),
    Fault(17, "vault rotated while polling", 20, vault.rotated),
)
