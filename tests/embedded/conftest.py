import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from embedded import Hold, hold, places
from tests.embedded.scene import kill_servers


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can pass through, unlike pytest's own."""
    with _open_folder() as folder:
        yield folder


@pytest.fixture
def data_dir(open_folder: Path) -> Iterator[Path]:
    with _data_dir(open_folder / "var") as folder:
        yield folder


@pytest.fixture(scope="module")
def running_dir() -> Iterator[Path]:
    with _open_folder() as folder, _data_dir(folder / "var") as data_dir:
        yield data_dir


@pytest.fixture(scope="module")
def running(running_dir: Path) -> Iterator[Hold]:
    """Stores for tests that only look at them."""
    with hold(running_dir) as held:
        yield held


@pytest.fixture
def closed_dir(open_folder: Path) -> Iterator[Path]:
    """A data folder below one that only its owner can enter."""
    closed = open_folder / "closed"
    closed.mkdir(0o700)
    with _data_dir(closed / "var") as folder:
        yield folder


@pytest.fixture
def shared(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Root's place for what the data folder cannot hold, in a folder of this test."""
    folder = open_folder / "shared"
    monkeypatch.setattr(places, "SHARED", folder)
    return folder


@contextmanager
def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="qd-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        kill_servers(folder)
        shutil.rmtree(folder)


@contextmanager
def _data_dir(folder: Path) -> Iterator[Path]:
    sockets = places.socket_folder(folder)
    try:
        yield folder
    finally:
        kill_servers(folder.parent)
        shutil.rmtree(sockets, ignore_errors=True)
