"""One installation without demo, polled often, whose every answer differs from the one before."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.installation import Installation, installed
from tests.processes.program import Program, serving
from tests.qredo_server import Answer, QredoServer, coin, holding

#: So many that with an interval of 15 seconds two slots or three fall due every second.
ACCOUNTS = 40
EMAIL, PASSWORD = "viewer@example.com", "a made-up pass phrase"


@contextmanager
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="qd-run-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made)


def moving(every: int = 1) -> Callable[[], Answer]:
    """Two assets that always hold the same amount, a larger one every time (or every so often)."""
    numbers = count(every)

    def answer() -> Answer:
        number = next(numbers) // every
        return holding(BTC=coin(number), ETH=coin(number))

    return answer


@pytest.fixture(scope="session")
def fund() -> Iterator[Installation]:
    """The installation, not running: its fund has accounts and a viewer."""
    with QredoServer().running() as qredo, folder() as place, installed(place, qredo) as found:
        found.ahead = 0
        found.enrol(*(moving() for _ in range(ACCOUNTS)))
        viewer = ("--email", EMAIL, "--organization", "Fund", "--role", "viewer")
        assert found.run("add_person", *viewer, stdin=f"{PASSWORD}\n").code == 0
        yield found


@pytest.fixture(scope="module")
def program(fund: Installation) -> Iterator[Program]:
    with serving(fund) as running:
        yield running
