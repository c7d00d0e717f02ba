"""What commands stand on: the stores come and go with them, or one line says why not."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.waiting import until
from tests.support.servers.installation import PROJECT, Installation, Ran, ended, installed, strays
from tests.support.servers.qredo_server import Answer, QredoServer, coin, holding

AS_ROOT = os.geteuid() == 0
ELSEWHERE = "/usr/bin/python3"


@pytest.fixture(scope="module")
def alone(_installation: Installation) -> Iterator[Installation]:
    """An installation that nobody else uses."""
    folder = Path(tempfile.mkdtemp(prefix="qd-alone-"))
    folder.chmod(0o755)
    try:
        with installed(folder, _installation.qredo) as found:
            yield found
    finally:
        shutil.rmtree(folder)


def contents(folder: Path) -> dict[str, tuple[int, int, int]]:
    found = {str(path): path.lstat() for path in [folder, *folder.rglob("*")]}
    return {name: (s.st_mode, s.st_size, s.st_mtime_ns) for name, s in found.items()}


def test_commands_alone_start_the_stores_and_leave_nothing(alone: Installation) -> None:
    assert not strays(alone.data_dir)
    (account,) = alone.enrol(holding(BTC=coin(3)))
    commands = [(["poll_balances", account.uid, "--json"], ""), (["balance_at", "now"], "")]
    codes = [ran.code for ran in alone.together(*commands)]
    assert codes == [0, 0]
    assert not strays(alone.data_dir)
    told = alone.run("balance_at", "now", account.uid, "--json").lines
    assert [line["total"] for line in told] == ["0.00000003"]


def test_two_polls_of_one_account_at_once_do_not_disturb_each_other(
    installation: Installation, qredo: QredoServer
) -> None:
    (account,) = installation.enrol(holding(BTC=coin(3)))
    words = ["poll_balances", account.uid, "--json"]
    told = [ran.told[0] for ran in installation.together((words, ""), (words, ""))]
    assert {line["outcome"] for line in told} <= {"fresh", "skipped"}
    fresh = [line["changed"] for line in told if line["outcome"] == "fresh"]
    assert sum(fresh) == 1
    assert len(qredo.requests) == len(fresh)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_told_to_end_gives_the_stores_back(
    alone: Installation, number: signal.Signals
) -> None:
    (account,) = alone.enrol(Answer(manner="hang"))
    process = alone.start("poll_balances", account.uid)
    until(lambda: bool(alone.qredo.requests_of(account.key_id)))
    process.send_signal(number)
    ran = ended(process)
    assert ran.code == (130 if number == signal.SIGINT else 128 + number)
    assert ran.err == ""
    assert not strays(alone.data_dir)


def test_any_python_becomes_the_project_s(installation: Installation) -> None:
    if not Path(ELSEWHERE).exists() or not (PROJECT / ".venv").is_dir():
        pytest.skip("there is no second Python here")
    ran = ended(installation.start("balance_at", "now", "--json", python=ELSEWHERE))
    assert ran.code == 0
    assert ran.lines


def test_stores_that_cannot_be_reached_are_named_in_a_line(installation: Installation) -> None:
    keyset = (installation.data_dir / "vault.json").read_text()
    keys = {"SECRET_KEY": "x" * 60, "VAULT_KEYSET": keyset}
    server = {"DATABASE_URL": "postgresql://dash:canary@127.0.0.1:9/dash", **keys}
    ran = installation.run(
        "balance_at", "now", "--json", **server, REDIS_URL="redis://127.0.0.1:9/0"
    )
    assert "database" in ran.refused(2)
    assert "canary" not in ran.err
    assert "REDIS_URL" in installation.run("balance_at", "now", **server).refused(2)
    wrong = {**server, "DATABASE_URL": "canary", "REDIS_URL": "redis://127.0.0.1:9/0"}
    ran = installation.run("balance_at", "now", **wrong)
    assert "DATABASE_URL" in ran.refused(2)
    assert "canary" not in ran.err


@pytest.mark.skipif(not AS_ROOT, reason="only root can give a folder away")
def test_the_folder_of_another_user_is_refused_and_unchanged(
    installation: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    (folder / "kept").write_text("as it was")
    os.chown(folder, 65534, 65534)
    before = contents(folder)
    for words in (["balance_at", "now"], ["poll_balances"], ["serve"]):
        assert "belongs to" in installation.run(*words, DATA_DIR=str(folder)).refused(2)
    assert contents(folder) == before


def test_a_reader_that_leaves_early_is_no_error(installation: Installation) -> None:
    (account,) = installation.enrol(holding(BTC=coin(3)))
    installation.run("poll_balances", account.uid)
    words = ["history", account.uid, "BTC", "--from", "2026-01-01T00:00:00Z", "--to", "now"]
    process = installation.start(*words, "--points", "20000", "--json")
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b'{"at": "2026-01-01')
    process.stdout.close()
    assert process.stderr is not None
    assert (process.stderr.read(), process.wait(30)) == (b"", 1)
    process.communicate()


def test_output_does_not_depend_on_the_locale(installation: Installation) -> None:
    (account,) = installation.enrol(holding(**{"Ünït-Ж": coin(3)}))
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    plain["PYTHONIOENCODING"] = "ascii"
    assert installation.run("poll_balances", account.uid, "--json", **plain).code == 0
    ran: Ran = installation.run("balance_at", "now", account.uid, "--json", **plain)
    assert [line["asset"] for line in ran.lines] == ["Ünït-Ж"]
    human = installation.run("balance_at", "now", account.uid, **plain)
    assert (human.code, human.err) == (0, "")


def test_a_database_without_tables_says_what_to_run(installation: Installation) -> None:
    folder = Path(tempfile.mkdtemp(prefix="qd-bare-"))
    folder.chmod(0o755)
    try:
        small = ["--accounts", "1", "--assets", "1", "--days", "1", "--changes-per-day", "1"]
        for words in (["balance_at", "now"], ["seed_history", *small]):
            ran = installation.run(*words, DATA_DIR=str(folder / "var"))
            assert "migrate" in ran.refused(2)
        assert not strays(folder / "var")
    finally:
        shutil.rmtree(folder)


def test_help_needs_no_store(tmp_path: Path, installation: Installation) -> None:
    ran = installation.run("history", "-h", DATA_DIR=str(tmp_path / "var"))
    assert (ran.code, "usage:" in ran.out) == (0, True)
    assert not (tmp_path / "var").exists()
