"""The units for systemd and the compose file start the same processes with the same secrets."""

import pytest

from tests.processes import deployment
from tests.processes.deployment import MOUNTED

#: Where a container's place differs from a machine's: what it listens on.
_PLACES = {"0.0.0.0": "127.0.0.1"}  # noqa: S104
SERVICES = ("migrate", "web", "worker", "beat")


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_starts_what_the_container_starts(name: str) -> None:
    words = [_PLACES.get(word, word) for word in deployment.service(name).command]
    assert deployment.started_by(deployment.unit(name)) == words


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_is_given_what_the_container_is_given(name: str) -> None:
    service = deployment.service(name)
    named = {
        variable: value.removeprefix(MOUNTED)
        for variable, value in service.variables({}).items()
        if value.startswith(MOUNTED)
    }
    assert set(named.values()) == service.secrets
    assert deployment.given_to(deployment.unit(name)) == named


def test_only_workers_open_keys_and_only_migrations_own_tables() -> None:
    secrets = {name: deployment.service(name).secrets for name in SERVICES}
    assert [name for name in SERVICES if "vault_keyset" in secrets[name]] == ["worker"]
    assert [name for name in SERVICES if "database_owner_url" in secrets[name]] == ["migrate"]
    assert deployment.service("web").variables({})["QREDO_DASH_PROCESS"] == "web"


def test_a_worker_ends_its_children_itself_and_may_write_anchors() -> None:
    unit = deployment.unit("worker").splitlines()
    # A signal to all of them at once would end a chunk in the middle.
    assert "KillMode=mixed" in unit
    # All else is read-only to it.
    assert {"ProtectSystem=strict", "StateDirectory=qredo-dash"} <= set(unit)
    assert "Environment=ANCHOR_DIR=%S/qredo-dash/anchors" in unit
