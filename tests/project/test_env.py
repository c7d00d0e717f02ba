"""Settings come from the environment: typed, loud when wrong, and never quoting a secret."""

import os
import subprocess
import sys
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from qredo_dash import checks, database, env, home
from tests.conftest import PROJECT

NAME = "QREDO_DASH_TEST"
PASSWORD = "hunter2-made-up"
SERVER = {
    "DATABASE_URL": f"postgresql://dash:{PASSWORD}@db.example/dash",
    "REDIS_URL": "redis://cache.example/0",
    "SECRET_KEY": "x" * 60,
    "VAULT_PUBLIC_KEYSET": "{}",
}
COOKIES = "s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE"
OURS = (
    "CACHE",
    "DATABASE",
    "EMAIL",
    "OIDC",
    "REDIS",
    "TRUSTED",
    "SECRET_KEY",
    "VAULT",
    "DATA_DIR",
    "DEBUG",
    "DEMO",
    "QREDO",
    "POLL",
)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (None, True),
        ("1", True),
        (" Yes ", True),
        ("on", True),
        ("0", False),
        ("", True),
        (" ", True),
        ("OFF", False),
    ],
)
def test_a_flag(monkeypatch: pytest.MonkeyPatch, value: str | None, *, meant: bool) -> None:
    if value is not None:
        monkeypatch.setenv(NAME, value)
    assert env.flag(NAME, default=True) == meant


@pytest.mark.parametrize("value", ["2", "ja", "tru", "-1"])
def test_a_flag_that_is_none(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.flag(NAME, default=False)


@pytest.mark.parametrize(
    ("value", "meant"), [("15", 15), (" 300 ", 300), ("", 300), ("86400", 86_400)]
)
def test_a_whole_number(monkeypatch: pytest.MonkeyPatch, value: str, meant: int) -> None:
    monkeypatch.setenv(NAME, value)
    assert env.whole(NAME, 300, least=15, most=86_400) == meant


@pytest.mark.parametrize(
    "value", ["14", "86401", "-15", "1e3", "15.0", "\u0661\u0665", "9" * 5000, "²"]
)
def test_a_whole_number_that_is_none(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match="from 15 to 86400"):
        env.whole(NAME, 300, least=15, most=86_400)


def test_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.words(NAME, "BTC,ETH") == ["BTC", "ETH"]
    monkeypatch.setenv(NAME, " a, ,b,, ")
    assert env.words(NAME, "BTC") == ["a", "b"]
    monkeypatch.setenv(NAME, "")
    assert env.words(NAME, "BTC") == ["BTC"]
    monkeypatch.setenv(NAME, ",")
    assert env.words(NAME, "BTC") == []


def test_a_secret_comes_from_its_file_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert env.secret(NAME) == ""
    monkeypatch.setenv(NAME, "plain")
    assert env.secret(NAME) == "plain"
    file = tmp_path / "secret"
    file.write_text("from a file\n", encoding="utf-8")
    monkeypatch.setenv(f"{NAME}_FILE", str(file))
    assert env.secret(NAME) == "from a file"


@pytest.mark.parametrize("kind", ["missing", "folder", "binary"])
def test_a_secrets_file_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "secret"
    if kind == "folder":
        file.mkdir()
    elif kind == "binary":
        file.write_bytes(b"\xff\xfe" + PASSWORD.encode())
    monkeypatch.setenv(f"{NAME}_FILE", str(file))
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE") as caught:
        env.secret(NAME)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "url",
    ["mysql", f"postgresql://u:{PASSWORD}@h:port:port/x?=", f"postgresql://u:{PASSWORD}@[::1/x"],
)
def test_a_database_address_that_is_none_is_not_quoted(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as caught:
        database.settings_for(url)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_database_address_becomes_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://dash:pass%2Fword@db.example:5433/books?sslmode=verify-full"
    entry = database.settings_for(url)
    assert [entry[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "books",
        "dash",
        "pass/word",
        "db.example",
        "5433",
    ]
    assert entry["OPTIONS"]["sslmode"] == "verify-full"
    assert "statement_timeout=30000" in entry["OPTIONS"]["options"]
    assert "hash_mem_multiplier=8" in entry["OPTIONS"]["options"]
    assert "pool" not in entry["OPTIONS"]
    monkeypatch.setenv("QREDO_DASH_PROCESS", "web")
    assert database.settings_for(url)["OPTIONS"]["pool"]["max_size"] == 8


def imported(
    shown: str = "s.DEBUG, s.DEMO, s.SESSION_COOKIE_SECURE", **given: str
) -> subprocess.CompletedProcess[str]:
    """Import the settings in a process of its own, with no variable but these."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
    words = f"from qredo_dash import settings as s; print({shown})"
    return subprocess.run(
        [sys.executable, "-c", words],
        env=clean | given,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_server_starts_with_everything_given_and_without_debug() -> None:
    assert imported(**SERVER).stdout == "False False True\n"


def deployed(**given: str) -> subprocess.CompletedProcess[str]:
    """Ask Django and ourselves whether a server's settings may meet the world."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        env=clean | SERVER | {"TRUSTED_PROXIES": "1", "SECRET_KEY": token_urlsafe(60)} | given,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_server_passes_the_check_of_deployments() -> None:
    ran = deployed(ALLOWED_HOSTS="dash.example", CSRF_TRUSTED_ORIGINS="https://dash.example")
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"ALLOWED_HOSTS": "*"}, "qredo_dash.E001"),
        ({"ALLOWED_HOSTS": ".example.com"}, "qredo_dash.E001"),
        ({"CSRF_TRUSTED_ORIGINS": "http://dash.example"}, "qredo_dash.E002"),
        ({"TRUSTED_PROXIES": "0"}, "qredo_dash.W001"),
        ({"DEBUG": "1"}, "security.W018"),
        ({"HSTS_SECONDS": "0"}, "security.W004"),
    ],
)
def test_what_no_server_should_have_fails_it(wrong: dict[str, str], named: str) -> None:
    ran = deployed(**wrong)
    assert ran.returncode == 1
    assert named in ran.stderr


def test_a_policy_that_allows_more_fails_it(settings: Any) -> None:
    assert checks.policy_is_strict() == []
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"script-src": ["'unsafe-inline'"]}}
    (told,) = checks.policy_is_strict()
    assert told.id == "qredo_dash.E003"


def test_cookies_are_bound_to_https_and_this_host_on_servers_alone(tmp_path: Path) -> None:
    served = imported(COOKIES, **SERVER)
    assert served.stdout == "__Host-session __Host-csrftoken True\n"
    assert imported(COOKIES, DATA_DIR=str(tmp_path)).stdout == "session csrftoken False\n"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "redis://cache.example/1"),
        ({"REDIS_URL": "rediss://:x@cache.example:6380"}, "rediss://:x@cache.example:6380/1"),
        (
            {"REDIS_URL": "redis+socket://:x@/run/v.sock?virtual_host=0"},
            "unix://:x@/run/v.sock?db=1",
        ),
        ({"CACHE_URL": "redis://other.example/7"}, "redis://other.example/7"),
        ({"REDIS_PASSWORD": "p/w@1"}, "redis://:p%2Fw%401@cache.example/1"),
        ({"REDIS_PASSWORD": "pw", "REDIS_URL": "redis://u@h:1"}, "redis://u:pw@h:1/1"),
        ({"REDIS_PASSWORD": "pw", "REDIS_URL": "redis://:own@h"}, "redis://:own@h/1"),
        ({"REDIS_PASSWORD": "pw", "CACHE_URL": "redis://h/7"}, "redis://h/7"),
        (
            {"REDIS_PASSWORD": "pw", "CACHE_URL": "redis://cache.example/7"},
            "redis://:pw@cache.example/7",
        ),
    ],
)
def test_attempts_are_counted_apart_from_the_queues(given: dict[str, str], address: str) -> None:
    assert imported("s.CACHES['default']['LOCATION']", **(SERVER | given)).stdout == f"{address}\n"


@pytest.mark.parametrize(
    ("text", "address"),
    [("pw\n", "redis://:pw@cache.example/0"), ("", "redis://cache.example/0")],
)
def test_a_valkeys_password_comes_from_a_file(tmp_path: Path, text: str, address: str) -> None:
    """An empty file is as none, for a Valkey that wants no password or whose address has one."""
    file = tmp_path / "password"
    file.write_text(text)
    given = SERVER | {"REDIS_PASSWORD_FILE": str(file)}
    assert imported("s.CELERY_BROKER_URL", **given).stdout == f"{address}\n"


def test_a_cache_that_cannot_be_guessed_has_to_be_named() -> None:
    process = imported(**(SERVER | {"REDIS_URL": "sentinel://cache.example:26379"}))
    assert "Set CACHE_URL" in process.stderr


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("REDIS_URL", "REDIS_URL"),
        ("SECRET_KEY", "SECRET_KEY_FILE"),
        ("VAULT_PUBLIC_KEYSET", "VAULT_KEYSET_FILE"),
    ],
)
def test_a_server_without_a_secret_of_its_own_does_not_start(missing: str, named: str) -> None:
    process = imported(**{name: text for name, text in SERVER.items() if name != missing})
    assert process.returncode != 0
    assert named in process.stderr
    assert PASSWORD not in process.stderr


def test_beat_alone_needs_no_secret_key() -> None:
    bare = {name: text for name, text in SERVER.items() if name != "SECRET_KEY"}
    assert imported("'well'", **bare, QREDO_DASH_PROCESS="beat").stdout == "well\n"
    assert "SECRET_KEY_FILE" in imported(**bare, QREDO_DASH_PROCESS="web").stderr


@pytest.mark.parametrize(
    "wrong",
    [{"DEBUG": "maybe"}, {"POLL_INTERVAL_SECONDS": "14"}, {"DATABASE_URL": f"x y {PASSWORD}"}],
)
def test_a_setting_that_makes_no_sense_stops_the_start(wrong: dict[str, str]) -> None:
    process = imported(**(SERVER | wrong))
    assert process.returncode != 0
    assert next(iter(wrong)) in process.stderr.splitlines()[-1]
    assert PASSWORD not in process.stderr


def test_importing_settings_writes_nothing(tmp_path: Path) -> None:
    process = imported(DATA_DIR=str(tmp_path / "absent"))
    assert process.stdout == "False False False\n"
    assert not (tmp_path / "absent").exists()


def test_a_private_file_is_its_owners_and_the_firsts(tmp_path: Path) -> None:
    file = tmp_path / "key"
    home.write_private(file, "first")
    home.write_private(file, "second")
    assert (file.read_text(encoding="utf-8"), file.stat().st_mode & 0o777) == ("first", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_no_variable_of_the_machine_reaches_the_tests(settings: Any) -> None:
    assert set(settings.QREDO_GIVEN_URLS.values()) == {"http://127.0.0.1:9/qapi/v1"}
