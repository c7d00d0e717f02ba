"""add_person: who was there already is told, and a typed password is typed twice."""

import os
import subprocess
import sys
from secrets import token_hex

import pytest

from tests.support.servers.installation import PROJECT, Installation

PHRASE = "a made-up pass phrase\n"


def new_address() -> str:
    return f"{token_hex(4)}@example.com"


def typed(installation: Installation, email: str, *answers: str) -> tuple[int, str]:
    """Run it at a terminal, answering each question; return how it ended and what it said."""
    mine, its = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "add_person", "--email", email],
        cwd=PROJECT,
        env=installation.environment(),
        stdin=its,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # it has no other terminal to ask at
    )
    os.close(its)
    said = b""
    with process:
        assert process.stderr is not None
        for answer in answers:
            before = len(said)
            while not said[before:].endswith(b": "):
                part = os.read(process.stderr.fileno(), 1000)
                assert part, said
                said += part
            os.write(mine, f"{answer}\n".encode())
        said += process.stderr.read()
    os.close(mine)
    return process.returncode, said.decode()


def test_who_was_there_already_is_told(installation: Installation) -> None:
    email = new_address()
    first = installation.run("add_person", "--email", email, stdin=PHRASE)
    assert first.lines == [{"email": email, "added": True}]
    joined = ("--organization", "Club", "--role", "auditor")
    again = installation.run("add_person", "--email", email.upper(), *joined, stdin="another one\n")
    assert (again.code, again.told) == (0, [{"email": email, "added": False}])
    assert f"{email} was there already" in again.complaint
    assert "role in Club is auditor" in again.complaint
    assert f"changepassword {email}" in again.complaint
    hashes = "SELECT count(*) FROM accounts_user WHERE email = %s"
    assert installation.sql(hashes, email) == [(1,)]


def test_a_password_is_typed_twice(installation: Installation) -> None:
    email = new_address()
    code, said = typed(installation, email, PHRASE.strip(), PHRASE.strip())
    assert code == 0, said
    assert PHRASE.strip() not in said
    assert installation.sql("SELECT count(*) FROM accounts_user WHERE email = %s", email) == [(1,)]


@pytest.mark.parametrize("second", ["a made-up pass phrasf", ""])
def test_two_that_differ_add_nobody(installation: Installation, second: str) -> None:
    email = new_address()
    code, said = typed(installation, email, PHRASE.strip(), second)
    assert (code, "not the same" in said) == (1, True)
    assert installation.sql("SELECT count(*) FROM accounts_user WHERE email = %s", email) == [(0,)]
