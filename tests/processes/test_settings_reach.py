"""Every setting that the README names can be given to the processes that need it."""

import re
import subprocess
import sys

import pytest

from tests.processes import deployment
from tests.processes.deployment import MOUNTED
from tests.support.servers.installation import PROJECT

POLLING, EVERYBODY = {"worker"}, {"web", "worker", "beat", "migrate"}
#: Of an embedded installation, or of `make run`, alone.
ELSEWHERE = {"DATA_DIR", "PORT", "DEMO", "DEBUG", "QREDO_DASH_SERVER"}
#: Who needs what not everybody needs.
NEEDED_BY = {
    "ANCHOR_DIR": {"web", "worker"},
    "VAULT_KEYSET_FILE": POLLING,
    "VAULT_KEYSET_COMMAND": POLLING,
    "VAULT_PUBLIC_KEYSET_FILE": EVERYBODY - POLLING,
    "DATABASE_OWNER_URL": {"migrate"},
    "QREDO_PROXY": {"web", "worker"},
    "SECRET_KEY_FILE": EVERYBODY - {"beat"},
    "SECRET_KEY_FALLBACKS_FILE": {"web"},
    "EMAIL_PASSWORD_FILE": {"web"},
    "OIDC_CLIENT_SECRET_FILE": {"web"},
}
#: Told by the program to its own processes.
INTERNAL = {"QREDO_SIMULATOR_PRODUCTION_URL", "QREDO_SIMULATOR_SANDBOX_URL"}


def named() -> set[str]:
    """Return the settings of the README's table."""
    table = (PROJECT / "README.md").read_text(encoding="utf-8").split("| setting |")[1]
    rows = table.split("\n\n")[0].splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}


SERVERS = sorted(named() - ELSEWHERE)


@pytest.mark.parametrize("name", SERVERS)
def test_a_setting_reaches_who_needs_it_and_secrets_nobody_else(name: str) -> None:
    bare = name.removesuffix("_FILE") if not name.endswith("CA_FILE") else name
    needed = NEEDED_BY.get(name, EVERYBODY)
    for who in EVERYBODY:
        found = deployment.service(who).variables({name: "given"})
        given = found.get(name) == "given" or found.get(f"{bare}_FILE", "").startswith(MOUNTED)
        assert given == (who in needed), who


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_a_unit_reads_whatever_is_no_secret_from_one_file(who: str) -> None:
    lines = deployment.unit(who).splitlines()
    assert "EnvironmentFile=/etc/qredo-dash/environment" in lines


def test_a_name_that_is_given_to_nobody_leaves_its_default(tmp_path: object) -> None:
    given = deployment.service("web").variables({})
    plain = {name: text for name, text in given.items() if not text.startswith(MOUNTED)}
    stores = {
        "DATABASE_URL": "postgresql://u:p@h/d",
        "SECRET_KEY": "x" * 60,
        "VAULT_PUBLIC_KEYSET": "{}",
        "DATA_DIR": str(tmp_path),
    }
    fixed = {name: plain[name] for name in ("REDIS_URL", "ANCHOR_DIR")}
    assert effective({**stores, **plain}) == effective({**stores, **fixed})


def effective(environment: dict[str, str]) -> str:
    """Return every setting as a process sees it with these variables alone."""
    shown = (
        "from qredo_dash import settings as s; print({n: v for n, v in vars(s).items()"
        " if n.isupper() and n not in ('ALLOWED_HOSTS', 'DATABASES')"
        " and not callable(v)})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", shown], cwd=PROJECT, env=environment, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    return ran.stdout


def test_every_variable_that_is_read_is_in_the_table() -> None:
    told = {name.removesuffix("_FILE") for name in named()}
    modules = ("settings", "identity", "home", "local")
    sources = "".join((PROJECT / "qredo_dash" / f"{m}.py").read_text() for m in modules)
    read = set(re.findall(r"env\.(?:text|secret|flag|whole|words|source)\(\s*\"(\w+)\"", sources))
    assert {name.removesuffix("_FILE") for name in read - INTERNAL} <= told


def test_the_image_holds_no_history_and_no_tests() -> None:
    left_out = (PROJECT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", "tests", "bench", "docs/*", "deploy/secrets", ".env", "var"} <= set(left_out)
