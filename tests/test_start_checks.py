"""What a process looks at before it does anything: installation, role, static files."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from qredo_dash import home, start_checks, static_files
from tests.conftest import PROJECT
from tests.processes import deployment


def test_the_role_of_the_program_is_taken(db: None) -> None:  # noqa: ARG001
    start_checks.check_role()


def test_the_owner_of_the_tables_is_refused_as_the_program(as_owner: None) -> None:  # noqa: ARG001
    with pytest.raises(ImproperlyConfigured, match="append-only"):
        start_checks.check_role()
    assert [error.id for error in checked()] == ["qredo_dash.E004"]


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


def test_the_wrapper_gives_a_command_what_the_worker_has() -> None:
    text = (PROJECT / "deploy" / "qredo-dash").read_text(encoding="utf-8")
    wrapped = (
        text.replace("--property=", "\n").replace(" \\", "").replace("$etc", "/etc/qredo-dash")
    )
    lines = {line.strip() for line in wrapped.splitlines()}
    unit = deployment.unit("worker").splitlines()
    asked = [
        line for line in unit if line.startswith(("User=", "WorkingDirectory=", "EnvironmentFile="))
    ]
    asked += [line for line in unit if line.startswith("LoadCredential=") or "%d/" in line]
    assert len(asked) > 10
    assert not [line for line in asked if line not in lines]


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
