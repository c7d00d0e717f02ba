import json
import os
from pathlib import Path

import pytest

from embedded import StoresError, hold, locate
from tests.embedded.scene import ask, client, execute, servers_of


def test_first_start_gives_both_stores(data_dir: Path) -> None:
    with hold(data_dir) as held:
        assert ask(held.addresses, "SHOW server_version").startswith("18.")
        assert ask(held.addresses, "SHOW data_checksums") == "on"
        assert ask(held.addresses, "SHOW timezone") == "UTC"
        assert ask(held.addresses, "SHOW io_method") == "sync"
        assert ask(held.addresses, "SELECT datlocale FROM pg_database LIMIT 1") == "C.UTF-8"
        with client(held.addresses) as valkey:
            assert valkey.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert locate(data_dir) == held.addresses


def test_second_start_finds_its_data(data_dir: Path) -> None:
    with hold(data_dir) as held:
        execute(held.addresses, "CREATE TABLE kept AS SELECT 7 AS figure")
        with client(held.addresses) as valkey:
            valkey.set("kept", "7")

    with hold(data_dir) as again:
        assert again.addresses == held.addresses
        assert ask(again.addresses, "SELECT figure FROM kept") == 7
        with client(again.addresses) as valkey:
            assert valkey.get("kept") == b"7"


def test_deep_path_with_spaces_and_letters(open_folder: Path) -> None:
    deep = open_folder.joinpath(*(f"Kürzel und lange Namen {n} ø" for n in range(9)), "var")
    assert len(os.fsencode(deep)) > 200

    with hold(deep) as held:
        assert ask(held.addresses, "SELECT 1") == 1
        with client(held.addresses) as valkey:
            assert valkey.ping()
    Path(held.addresses.valkey.socket_path).parent.rmdir()


def test_killed_first_start_is_made_anew(data_dir: Path) -> None:
    data_dir.mkdir(0o711)
    half = data_dir / "postgres.incomplete"
    (half / "cluster").mkdir(parents=True)
    (half / "cluster" / "PG_VERSION").write_text("18\n")
    (half / "incomplete-and-made-by-qredo-dash").touch()

    with hold(data_dir) as held:
        assert ask(held.addresses, "SELECT 1") == 1
    assert not half.exists()


def test_foreign_folder_by_that_name_is_left_alone(data_dir: Path) -> None:
    data_dir.mkdir(0o711)
    theirs = data_dir / "postgres.incomplete" / "thesis.txt"
    theirs.parent.mkdir()
    theirs.write_text("years of work")

    with pytest.raises(StoresError, match="not ours"):
        hold(data_dir)
    assert theirs.read_text() == "years of work"
    assert not servers_of(data_dir)


def test_data_of_another_postgresql_is_refused_by_both_versions(data_dir: Path) -> None:
    hold(data_dir).release()
    (data_dir / "postgres" / "PG_VERSION").write_text("17\n")

    with pytest.raises(StoresError, match=r"PostgreSQL 17, but installed is 18"):
        hold(data_dir)
    assert not servers_of(data_dir)


def test_data_without_its_passwords_is_not_touched(data_dir: Path) -> None:
    hold(data_dir).release()
    (data_dir / "stores.json").unlink()

    with pytest.raises(StoresError, match="backup"):
        hold(data_dir)
    assert (data_dir / "postgres" / "PG_VERSION").exists()


def test_data_made_before_there_was_an_owner_is_refused_in_one_line(data_dir: Path) -> None:
    data_dir.mkdir(0o711)
    words = {"place": "", "postgres": "a", "superuser": "b", "valkey": "c"}
    (data_dir / "stores.json").write_text(json.dumps(words))

    for attempt in (hold, locate):
        with pytest.raises(StoresError, match=r"delete it \(DATA_DIR\)") as raised:
            attempt(data_dir)
        assert "\n" not in str(raised.value)
    assert not (data_dir / "postgres").exists()


def test_failed_start_quotes_the_log_in_one_line(data_dir: Path) -> None:
    hold(data_dir).release()
    (data_dir / "postgres" / "postgresql.conf").write_text("no such thing\n")

    with pytest.raises(StoresError, match=r"did not start: .*syntax error") as raised:
        hold(data_dir)
    assert "\n" not in str(raised.value)


def test_cut_append_only_file_still_loads(data_dir: Path) -> None:
    with hold(data_dir) as held, client(held.addresses) as valkey:
        valkey.set("kept", "7")
        valkey.set("torn", "x" * 100)
    [log] = (data_dir / "valkey" / "appendonlydir").glob("*.incr.aof")
    os.truncate(log, log.stat().st_size - 30)

    with hold(data_dir) as again, client(again.addresses) as valkey:
        assert (valkey.get("kept"), valkey.get("torn")) == (b"7", None)


def test_long_log_is_rotated_under_a_running_server(data_dir: Path) -> None:
    with hold(data_dir):
        log = data_dir / "postgres.log"
        os.truncate(log, 11 * 1024 * 1024)
        hold(data_dir).release()

        assert log.stat().st_size < 1024 * 1024
        assert log.with_name("postgres.log.old").stat().st_size == 11 * 1024 * 1024
