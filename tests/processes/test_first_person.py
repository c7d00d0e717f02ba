"""Without a demo: from the first start to the first person's overview, as the terminal says."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.program import LAST_LINE, Browser, serving
from tests.processes.scene import EMAIL, PASSWORD, folder
from tests.support.servers.installation import Installation, installed
from tests.support.servers.qredo_server import QredoServer


@pytest.fixture(scope="module")
def empty() -> Iterator[Installation]:
    with QredoServer().running() as qredo, folder() as place, installed(place, qredo) as found:
        yield found


def add_as_told(told: str) -> None:
    """Run the printed command in another folder, as a shell does, for an address of ours."""
    assert "you@example.com" in told
    command = told.replace("you@example.com", EMAIL)
    bare = {"PATH": "/usr/bin:/bin"}
    subprocess.run(
        ["/bin/sh", "-c", command], check=True, cwd="/", env=bare, input=f"{PASSWORD}\n".encode()
    )


def test_the_terminal_says_how_the_first_person_gets_in(empty: Installation) -> None:
    with serving(empty) as program:
        address, said, told, last = program.lines()
        assert (address, last) == (f"http://localhost:{program.port}", LAST_LINE)
        assert said.startswith("Nobody can sign in yet.")
        browser = Browser(program.port)
        assert "add_person --email" in browser.get("/sign-in/").text
        add_as_told(told)
        browser.sign_in(EMAIL, PASSWORD)
        assert browser.get("/").status == 200
        assert empty.sql("SELECT role FROM accounts_membership") == [("admin",)]
        assert program.interrupted() == 0
        assert_the_end_is_told(program.output, empty)
        assert "shutdown" not in program.errors.read_text()
    with serving(empty) as program:
        assert program.lines() == [f"http://localhost:{program.port}", LAST_LINE]


def assert_the_end_is_told(output: Path, installation: Installation) -> None:
    last = output.read_text().splitlines()[-1]
    assert last == f"Everything has stopped. Your data are in {installation.data_dir}."
