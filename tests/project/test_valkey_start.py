"""Valkey in its container wants a password, which no list of processes shows."""

import subprocess
from pathlib import Path

import pytest
from redis import AuthenticationError, Redis

from tests.conftest import PROJECT
from tests.processes import deployment
from tests.processes.program import free_port
from tests.processes.waiting import until

STAND_IN = """#!/bin/sh
printf '<%s>' "$@"
echo
cat
"""


def started(folder: Path, text: str | None) -> "subprocess.CompletedProcess[str]":
    """Run what the compose file runs, with a stand-in that tells what it is given."""
    stand_in = folder / "valkey-server"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    password = folder / "password"
    if text is not None:
        password.write_text(text)
    told = deployment.service("valkey")
    words = [str(told.mounted.get(word, word)) for word in told.command]
    return subprocess.run(
        words, env={"PATH": f"{folder}:/usr/bin:/bin", "VALKEY_PASSWORD_FILE": str(password)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_password_is_configuration_and_no_argument(tmp_path: Path) -> None:
    ran = started(tmp_path, "made-up_Password.1\n")
    given, *configuration = ran.stdout.splitlines()
    assert given.startswith("<-><--appendonly><yes>")
    assert "noeviction" in given
    assert "Password" not in given
    assert configuration == ["requirepass made-up_Password.1"]


@pytest.mark.parametrize("text", [None, "", "two words", "pass\nrename-command x y", 'a"b', "a#b"])
def test_without_a_password_it_does_not_start(tmp_path: Path, text: str | None) -> None:
    ran = started(tmp_path, text)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "Valkey was not started." in ran.stderr
    assert not text or text not in ran.stderr


def test_the_stores_of_the_compose_file_have_no_rights_that_they_need_not() -> None:
    for name in ("postgres", "valkey"):
        text = deployment.service(name).text
        for line in (
            f"    user: {name}",
            "    read_only: true",
            "    cap_drop: [ALL]",
            '    security_opt: ["no-new-privileges:true"]',
        ):
            assert f"{line}\n" in text, (name, line)
        assert "ports:" not in text


def test_a_valkey_started_so_refuses_who_has_no_password(tmp_path: Path) -> None:
    from embedded import programs  # noqa: PLC0415 - the wheel's program is needed here alone

    password, port = tmp_path / "password", free_port()
    password.write_text("made-up")
    told = deployment.service("valkey")
    words = [str(told.mounted.get(word, word)) for word in told.command]
    folder = programs.installed().valkey.parent
    with subprocess.Popen(
        [*words, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(tmp_path)],
        env={"PATH": f"{folder}:/usr/bin:/bin", "VALKEY_PASSWORD_FILE": str(password)},
        cwd=PROJECT, stdout=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        try:
            until(lambda: _answers(port))
            with Redis(port=port, password="made-up") as valkey:
                assert valkey.ping()
            assert "made-up" not in Path(f"/proc/{server.pid}/cmdline").read_text()
        finally:
            server.terminate()
        assert server.wait(10) == 0


def _answers(port: int) -> bool:
    """Whether it runs: without its password it refuses everything."""
    with Redis(port=port) as valkey:
        try:
            valkey.ping()
        except AuthenticationError:
            return True
        except OSError:
            return False
    raise AssertionError("a Valkey without a password answers")
