"""One installation without demo, polled often, whose every answer differs from the one before."""

from collections.abc import Iterator

import pytest

from tests.processes.program import Program, serving
from tests.processes.scene import ACCOUNTS, EMAIL, PASSWORD, folder, moving
from tests.support.servers.installation import Installation, installed
from tests.support.servers.qredo_server import QredoServer


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
