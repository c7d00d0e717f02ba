"""One installation for all commands, migrated once, its stores held so that commands are quick."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import embedded
from tests.support.servers.installation import Installation, installed
from tests.support.servers.qredo_server import QredoServer


@pytest.fixture(scope="session")
def _installation() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="qd-commands-"))
    folder.chmod(0o755)
    try:
        with (
            QredoServer().running() as qredo,
            installed(folder, qredo) as found,
            embedded.hold(found.data_dir),
        ):
            yield found
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def installation(_installation: Installation) -> Installation:
    """The installation, where no request went wrong before."""
    _installation.qredo.requests.clear()
    return _installation


@pytest.fixture
def qredo(installation: Installation) -> QredoServer:
    return installation.qredo
