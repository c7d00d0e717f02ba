"""After kill -9, whatever it hit."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from embedded import hold, lifecycle, locate
from tests.embedded.scene import (
    AS_ROOT,
    NOBODY,
    ask,
    client,
    execute,
    holder,
    kill_servers,
    servers_of,
)


def test_everything_killed_and_its_process_id_reused(data_dir: Path) -> None:
    with holder(data_dir) as user:
        addresses = locate(data_dir)
        execute(addresses, "CREATE TABLE kept AS SELECT 7 AS figure")
        user.kill()
    kill_servers(data_dir)
    # PostgreSQL refuses when a process of its own user has the remembered id.
    with subprocess.Popen(["sleep", "60"], user=NOBODY if AS_ROOT else None) as unrelated:
        try:
            _pretend(data_dir / "postgres" / "postmaster.pid", unrelated.pid)
            _pretend(Path(addresses.postgres.socket_dir) / ".s.PGSQL.5432.lock", unrelated.pid)
            with hold(data_dir) as held:
                assert ask(held.addresses, "SELECT figure FROM kept") == 7
                with client(held.addresses) as valkey:
                    assert valkey.ping()
            assert unrelated.poll() is None
        finally:
            unrelated.kill()


def test_killed_postmaster_is_replaced_while_others_hold(data_dir: Path) -> None:
    with hold(data_dir) as held:
        os.kill(
            int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL
        )

        with hold(data_dir) as again:
            assert ask(again.addresses, "SELECT 1") == 1
        assert ask(held.addresses, "SELECT 1") == 1
    assert not servers_of(data_dir)


def test_swept_sockets_come_back(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "_DEAF_PATIENCE", 0.2)
    with hold(data_dir) as held:
        sockets = Path(held.addresses.postgres.socket_dir)
        for leftover in sockets.iterdir():
            leftover.unlink()
        sockets.rmdir()

        with hold(data_dir) as again:
            assert ask(again.addresses, "SELECT 1") == 1
            with client(again.addresses) as valkey:
                assert valkey.ping()


def test_unrelated_process_with_the_remembered_id_is_never_signalled(data_dir: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as unrelated:
        try:
            with hold(data_dir):
                _pretend(data_dir / "postgres" / "postmaster.pid", unrelated.pid)
            assert unrelated.poll() is None
            assert not servers_of(data_dir)
        finally:
            unrelated.kill()


def _pretend(pid_file: Path, pid: int) -> None:
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(pid), *lines[1:], ""]))
