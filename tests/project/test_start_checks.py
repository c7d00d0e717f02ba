"""What a process looks at before it does anything: installation, role, static files."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

from qredo_dash import home, start_checks, static_files
from tests.conftest import PROJECT
from tests.processes import deployment


def test_the_role_of_the_program_is_taken(db: None) -> None:  # noqa: ARG001
    start_checks.check_role()


def test_the_owner_of_the_tables_is_refused_as_the_program(as_owner: None) -> None:  # noqa: ARG001
    with pytest.raises(ImproperlyConfigured, match="append-only"):
        start_checks.check_role()
    assert [error.id for error in checked()] == ["qredo_dash.E004"]


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The database is away while there is a word in this list."""
    words = ["away"]
    ask = start_checks._check

    def asked(link: Any) -> None:
        if words:
            raise OperationalError(words[0])
        ask(link)

    monkeypatch.setattr(start_checks, "_check", asked)
    yield words
    connection_created.disconnect(dispatch_uid=start_checks._check_first)


def connected() -> None:
    """Tell of a connection that was made just now, as Django does."""
    connection_created.send(sender=type(connection), connection=connection)


def test_a_database_that_was_away_at_the_start_is_asked_at_the_first_connection(
    as_owner: None,  # noqa: ARG001
    away: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    start_checks.check_role()
    connected()  # it breaks off at once: nothing was seen yet
    away.clear()
    for _ in range(2):  # a wrong role is refused as often as it comes
        with pytest.raises(ImproperlyConfigured, match="append-only"):
            connected()
    assert closed == [True, True]


def test_a_right_role_is_asked_for_once(
    db: None,  # noqa: ARG001
    away: list[str],
    django_assert_num_queries: Any,
) -> None:
    start_checks.check_role()
    away.clear()
    with django_assert_num_queries(1):
        connected()
        connected()


def checked() -> list[Any]:
    from qredo_dash import checks  # noqa: PLC0415 - registers its checks when it is imported

    return list(checks.role_owns_nothing())


def test_static_files_of_another_version_are_refused(settings: Any, tmp_path: Path) -> None:
    sources, collected = tmp_path / "sources", tmp_path / "collected"
    sources.mkdir()
    (sources / "a.css").write_text("a { color: red }")
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [sources], collected
    with pytest.raises(ImproperlyConfigured, match="missing"):
        static_files.check_collected()
    call_command("collectstatic", "--noinput", verbosity=0)
    static_files.check_collected()
    (sources / "a.css").write_text("a { color: blue }")
    with pytest.raises(ImproperlyConfigured, match="of another version"):
        static_files.check_collected()
    call_command("collectstatic", "--noinput", verbosity=0)
    static_files.check_collected()
    (sources / "b.css").write_text("b { color: blue }")
    with pytest.raises(ImproperlyConfigured, match="of another version"):
        static_files.check_collected()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment that says nothing of an installation."""
    for name in ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(home, "PROJECT", tmp_path)
    monkeypatch.setattr(home, "SERVER_FOLDER", tmp_path / "nowhere")
    return monkeypatch


def test_without_a_server_stores_may_be_embedded(bare: pytest.MonkeyPatch) -> None:
    home.check_embedded()
    bare.setenv("QREDO_DASH_SERVER", "0")
    home.check_embedded()


@pytest.mark.parametrize(
    ("name", "value"), [("QREDO_DASH_SERVER", "1"), ("REDIS_URL", "redis://127.0.0.1:9/0")]
)
def test_on_a_server_nothing_embedded_starts(
    bare: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    bare.setenv(name, value)
    bare.setenv("DATA_DIR", str(tmp_path / "made"))
    with pytest.raises(home.WrongInstallationError, match="DATABASE_URL"), home.stores():
        pass
    assert not (tmp_path / "made").exists()


def test_beside_a_servers_secrets_a_command_without_them_refuses(
    bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare.setattr(home, "SERVER_FOLDER", tmp_path)
    with pytest.raises(home.WrongInstallationError, match="deploy/qredo-dash"), home.stores():
        pass
    assert not (tmp_path / "var").exists()
    bare.setenv("DATA_DIR", str(tmp_path / "made"))
    home.check_embedded()


@pytest.mark.parametrize(
    "given", [{"QREDO_DASH_SERVER": "1"}, {"REDIS_URL": "redis://127.0.0.1:9/0"}]
)
def test_a_process_without_the_databases_address_ends_in_one_line(given: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "manage.py", "poll_balances"], cwd=PROJECT, env={"PATH": "", **given},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 2
    assert ran.stderr.startswith("Set DATABASE_URL_FILE")
    assert ran.stderr.count("\n") == 1


def test_units_image_and_compose_say_that_this_is_a_server() -> None:
    for name in ("web", "worker", "beat", "migrate"):
        assert "Environment=QREDO_DASH_SERVER=1" in deployment.unit(name).splitlines()
        assert deployment.service(name).variables({})["QREDO_DASH_SERVER"] == "1"
    assert "ENV QREDO_DASH_SERVER=1" in (PROJECT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture
def wrapped(tmp_path: Path) -> list[str]:
    """What the wrapper asks systemd for, and the command that it runs there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    stand_in = folder / "systemd-run"
    stand_in.write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    stand_in.chmod(0o755)
    ran = subprocess.run(
        ["/bin/sh", PROJECT / "deploy" / "qredo-dash", "add_person", "--name", "Ann B"],
        env={"PATH": f"{folder}:/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return ran.stdout.split("\0")[:-1]


def test_the_wrapper_gives_a_command_what_the_worker_has(wrapped: list[str]) -> None:
    unit = deployment.unit("worker").splitlines()
    named = ("User=", "WorkingDirectory=", "EnvironmentFile=", "LoadCredential=")
    asked = [line for line in unit if line.startswith(named)]
    assert len(asked) > 6
    assert not [line for line in asked if f"--property={line}" not in wrapped]
    assert not [one for one in wrapped if "%" in one], "systemd-run expands none of these"


def test_a_wrapped_command_finds_its_secrets(wrapped: list[str], tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nenv\nprintf "<%s>" "$@"\n')
    python.chmod(0o755)
    ran = subprocess.run(
        wrapped[wrapped.index("/bin/sh") :], cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "CREDENTIALS_DIRECTORY": "/run/given"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    asked = [line for line in deployment.unit("worker").splitlines() if "_FILE=%d/" in line]
    given = {line.removeprefix("Environment=").replace("%d", "/run/given") for line in asked}
    assert len(given) > 3
    assert given <= set(ran.stdout.splitlines())
    assert ran.stdout.endswith("<manage.py><add_person><--name><Ann B>")


def test_what_the_migration_collects_the_web_process_can_read(
    settings: Any, tmp_path: Path
) -> None:
    """They are two users; a unit's umask holds for what it runs as root, too."""
    (line,) = [one for one in deployment.unit("migrate").splitlines() if one.startswith("UMask=")]
    settings.STATIC_ROOT = tmp_path / "new" / "static"
    before = os.umask(int(line.removeprefix("UMask="), 8))
    try:
        call_command("collectstatic", "--noinput", verbosity=0)
    finally:
        os.umask(before)
    made = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    assert not [one for one in made if not one.stat().st_mode & (0o001 if one.is_dir() else 0o004)]


def test_web_and_worker_are_users_of_their_own() -> None:
    """The web process must not be able to read the private keyset out of the worker."""
    users = {
        name: [line for line in deployment.unit(name).splitlines() if line.startswith("User=")]
        for name in ("web", "worker", "beat", "migrate")
    }
    assert users["web"] != users["worker"]
    assert users["worker"] not in (users["beat"], users["migrate"])
    for name in users:
        lines = deployment.unit(name).splitlines()
        assert {"ProtectProc=invisible", "ProcSubset=pid", "LimitCORE=0"} <= set(lines), name
