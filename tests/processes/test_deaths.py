"""kill -9 of each process of the running program: it comes back, every slot is accounted for."""

import os
import signal
from collections.abc import Callable

import psycopg
import pytest

from tests.processes.books import assert_sound, opened
from tests.processes.program import Program, command_of, descendants
from tests.processes.waiting import until

VICTIMS: dict[str, Callable[[Program], int]] = {
    "pool child": lambda program: program.pool_child(),
    "worker": lambda program: program.child(" worker "),
    "beat": lambda program: program.child(" beat "),
    "web": lambda program: program.child("granian"),
    "Valkey": lambda program: program.store("valkey-server"),
    "PostgreSQL": lambda program: program.store("postgres"),
}
#: Accounts that have to be polled after a death, of which two or three are due every second.
ENOUGH = 6


def recorded(program: Program) -> int:
    """Return how many slots are booked as fresh; -1 while the database is away."""
    try:
        tiled = opened(program.installation).tiled
    except psycopg.OperationalError:
        return -1
    return sum(stretch.slots for stretch in tiled if stretch.kind == "fresh")


@pytest.mark.parametrize("victim", VICTIMS)
def test_what_is_killed_comes_back(program: Program, victim: str) -> None:
    until(lambda: recorded(program) >= ENOUGH)
    pid = VICTIMS[victim](program)
    family = [pid, *descendants(pid)]
    os.kill(pid, signal.SIGKILL)
    until(lambda: VICTIMS[victim](program) not in {0, pid})
    before = recorded(program)
    until(lambda: recorded(program) >= max(before, 0) + ENOUGH, 40)
    until(program.answers)
    assert program.process.poll() is None
    # What it had started would go on with the code and the connections of before.
    assert not any(map(command_of, family))
    assert_sound(program.installation)
