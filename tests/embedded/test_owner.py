"""Whose folders these are, and who runs the servers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from embedded import StoresError, hold, locate, places, programs
from tests.embedded.scene import AS_ROOT, NOBODY, ROOT, ask, client, execute, servers_of

root_only = pytest.mark.skipif(not AS_ROOT, reason="only root can act for other users")

ORDINARY = """
import os, stat, sys
from pathlib import Path
from embedded import StoresError, hold
folder = Path(sys.argv[1])
with hold(folder) as held:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.stat().st_uid for path in folder.iterdir()} == {os.getuid()}
    print(held.addresses.postgres.socket_dir)
with hold(folder):
    pass
folder.parent.chmod(0o555)
try:
    hold(folder.parent / "elsewhere")
except StoresError as error:
    print(error)
"""


@root_only
def test_folder_of_another_user_is_refused_and_unchanged(data_dir: Path) -> None:
    data_dir.mkdir(0o755)
    (data_dir / "theirs").touch()
    os.chown(data_dir, 4321, 4321)
    before = _picture(data_dir)

    for attempt in (hold, locate):
        with pytest.raises(StoresError, match="belongs to user 4321; run as that user"):
            attempt(data_dir)
    assert _picture(data_dir) == before


def test_folder_that_everybody_writes_to_is_refused(data_dir: Path) -> None:
    data_dir.mkdir()
    data_dir.chmod(0o777)

    with pytest.raises(StoresError, match="chmod go-w"):
        hold(data_dir)
    assert not list(data_dir.iterdir())


def test_socket_folder_that_others_write_to_is_refused(data_dir: Path) -> None:
    hold(data_dir).release()
    places.socket_folder(data_dir).chmod(0o777)

    with pytest.raises(StoresError, match="Others may write"):
        hold(data_dir)


def test_socket_folder_that_is_a_link_is_refused(data_dir: Path, open_folder: Path) -> None:
    hold(data_dir).release()
    sockets = places.socket_folder(data_dir)
    shutil.rmtree(sockets)
    trap = open_folder / "trap"
    trap.mkdir()
    sockets.symlink_to(trap)
    try:
        with pytest.raises(StoresError, match="move it away"):
            hold(data_dir)
        assert not list(trap.iterdir())
    finally:
        sockets.unlink()


def test_data_folder_below_a_file_is_one_line(open_folder: Path) -> None:
    (open_folder / "file").touch()

    with pytest.raises(StoresError, match="set DATA_DIR") as raised:
        hold(open_folder / "file" / "var")
    assert "\n" not in str(raised.value)


@root_only
def test_root_lends_its_servers_no_power(data_dir: Path) -> None:
    with hold(data_dir) as held:
        for pid in set(servers_of(data_dir)):
            status = Path(f"/proc/{pid}/status").read_text()
            fields = dict(line.split(":", 1) for line in status.splitlines())
            assert set(fields["Uid"].split()) == {str(NOBODY)}
            assert fields["Groups"].strip() == ""
            assert int(fields["CapPrm"], 16) == int(fields["CapEff"], 16) == 0
        assert (data_dir.stat().st_uid, (data_dir / "stores.json").stat().st_uid) == (0, 0)
        assert ask(held.addresses, "SELECT 1") == 1


@root_only
def test_root_with_an_unreachable_folder(closed_dir: Path, shared: Path) -> None:
    with hold(closed_dir) as held:
        execute(held.addresses, "CREATE TABLE kept AS SELECT 7 AS figure")
        assert not (closed_dir / "postgres").exists()
        assert [path for path in shared.iterdir() if (path / "postgres").is_dir()]
    with hold(closed_dir) as again:
        assert ask(again.addresses, "SELECT figure FROM kept") == 7
    assert closed_dir.parent.stat().st_mode & 0o777 == 0o700
    assert not servers_of(shared)


@root_only
def test_root_with_unreachable_programs_runs_a_copy(
    data_dir: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.programs.Programs.usable_by", lambda *_: False)

    with hold(data_dir) as held:
        running = {str(Path(f"/proc/{pid}/exe").readlink()) for pid in servers_of(data_dir)}
        assert ask(held.addresses, "SELECT 1") == 1
        with client(held.addresses) as valkey:
            assert valkey.ping()
    assert running
    assert all(program.startswith(str(shared)) for program in running)
    assert not [path for path in shared.iterdir() if path.name.startswith(".")]


@root_only
def test_ordinary_user(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)

    done = _as_nobody(ORDINARY, str(home / "var"))

    assert done.returncode == 0, done.stderr
    sockets, refusal = done.stdout.splitlines()
    assert Path(sockets).parent.name == f"qredo-dash-{NOBODY}"
    assert "Permission denied" in refusal
    assert not servers_of(home)
    shutil.rmtree(sockets)


def _as_nobody(script: str, argument: str) -> subprocess.CompletedProcess[str]:
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        if _runs_for_nobody(python):
            return _run_as_nobody([python, "-c", script, argument])
    pytest.skip("no Python 3.11 that an ordinary user could run")


def _runs_for_nobody(python: str) -> bool:
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return _run_as_nobody([python, "-c", check]).returncode == 0
    except OSError:
        return False


def _run_as_nobody(command: list[str]) -> subprocess.CompletedProcess[str]:
    packages = programs.installed().postgres.parents[3]
    return subprocess.run(
        command,
        cwd="/",
        env={"PYTHONPATH": f"{ROOT}:{packages}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
    )


def _picture(folder: Path) -> list[tuple[str, int, int, int, int]]:
    found = [(path, path.lstat()) for path in [folder, *sorted(folder.rglob("*"))]]
    return [(str(p), s.st_uid, s.st_gid, s.st_mode, s.st_mtime_ns) for p, s in found]
