"""Who counts as a user, and what the last one does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from embedded import StoresError, hold, locate, locks
from tests.embedded.scene import ROOT, ask, holder, leave, listens, servers_of, until

RESTLESS = """
import random, socket, sys, time
from pathlib import Path
from embedded import hold
pick = random.Random(sys.argv[2])
for _ in range(3):
    with hold(Path(sys.argv[1])) as held:
        at = held.addresses
        for path in (f"{at.postgres.socket_dir}/.s.PGSQL.5432", at.valkey.socket_path):
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(path)
        time.sleep(pick.uniform(0, 0.05))
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(at.valkey.socket_path)
    time.sleep(pick.uniform(0, 0.05))
"""


def test_last_one_stops_the_stores(data_dir: Path) -> None:
    with holder(data_dir) as other:
        mine = hold(data_dir)
        mine.release()
        assert ask(locate(data_dir), "SELECT 1") == 1

        leave(other)
    assert not servers_of(data_dir)
    assert not listens(locate(data_dir).valkey.socket_path)


def test_stopping_one_folder_leaves_the_servers_of_another(open_folder: Path) -> None:
    one, other = open_folder / "one", open_folder / "other"
    with hold(one) as stays:
        hold(other).release()

        assert ask(stays.addresses, "SELECT 1") == 1
        assert not servers_of(other)
    for folder in (one, other):
        Path(locate(folder).postgres.socket_dir).rmdir()


def test_releasing_twice_gives_up_once(data_dir: Path) -> None:
    with hold(data_dir) as stays:
        mine = hold(data_dir)
        mine.release()
        mine.release()

        assert ask(stays.addresses, "SELECT 1") == 1


def test_two_commands_at_once_share_one_pair_of_servers(data_dir: Path) -> None:
    command = [sys.executable, "-c", RESTLESS, str(data_dir)]
    pair = [subprocess.Popen([*command, str(seed)], cwd=ROOT) for seed in range(2)]

    assert [process.wait(60) for process in pair] == [0, 0]
    assert not servers_of(data_dir)


def test_start_waits_for_who_is_starting_or_stopping(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(data_dir).release()
    monkeypatch.setattr(locks, "MUTEX_PATIENCE", 0.1)

    with (
        locks.mutex(data_dir / "start.lock"),
        pytest.raises(StoresError, match="still starting or stopping"),
    ):
        hold(data_dir)
    assert not servers_of(data_dir)


def test_twenty_restless_users(data_dir: Path) -> None:
    hold(data_dir).release()
    command = [sys.executable, "-c", RESTLESS, str(data_dir)]
    crowd = [subprocess.Popen([*command, str(seed)], cwd=ROOT) for seed in range(20)]

    assert [process.wait(120) for process in crowd] == [0] * 20
    assert not servers_of(data_dir)


def test_killed_user_is_forgotten(data_dir: Path) -> None:
    with holder(data_dir) as other:
        mine = hold(data_dir)
        other.kill()
        other.wait()
        mine.release()

    assert not servers_of(data_dir)


def test_stores_outlive_a_killed_only_user_until_the_next_one_leaves(data_dir: Path) -> None:
    with holder(data_dir) as other:
        before = set(servers_of(data_dir)) - {other.pid}
        other.kill()
        other.wait()
    assert before <= set(servers_of(data_dir))

    with hold(data_dir) as mine:
        assert ask(mine.addresses, "SELECT 1") == 1
        assert before & set(servers_of(data_dir))
    assert not servers_of(data_dir)


def test_forked_child_cannot_release_for_its_parent(data_dir: Path) -> None:
    with hold(data_dir) as held:
        child = os.fork()
        if child == 0:
            held.release()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        hold(data_dir).release()

        assert ask(held.addresses, "SELECT 1") == 1


def test_server_is_nobodys_zombie(data_dir: Path) -> None:
    with hold(data_dir):
        children = Path(f"/proc/self/task/{os.getpid()}/children")
        until(lambda: not set(children.read_text().split()) & set(map(str, servers_of(data_dir))))
