"""The web process of a server, with bad clients in front of it and the database away behind it."""

import http.client
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.processes import by_hand
from tests.processes.by_hand import HOST, Process, Site, started
from tests.processes.scene import folder
from tests.processes.waiting import until
from tests.support.servers.installation import PROJECT
from tests.support.servers.qredo_server import QredoServer

SLOW = f"POST /sign-in/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000\r\n\r\na"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with ExitStack() as undo:
        qredo, place = undo.enter_context(QredoServer().running()), undo.enter_context(folder())
        yield undo.enter_context(by_hand.installed(place, qredo))


@pytest.fixture
def web(site: Site) -> Iterator[Process]:
    with started(site, "web") as (process,):
        by_hand.until_well(site)
        yield process


def asked(site: Site, path: str, method: str = "GET", body: bytes = b"") -> tuple[int, str]:
    kind = {"content-type": "multipart/form-data; boundary=b"} if body else {}
    with closing(http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)) as link:
        link.request(method, path, body or None, {"Host": HOST, **kind})
        with link.getresponse() as answer:
            return answer.status, answer.read().decode()


def lines(process: Process, word: str) -> list[str]:
    return [line for line in process.log.read_text().splitlines() if word in line]


@pytest.mark.usefixtures("web")
def test_slow_senders_stop_nobody(site: Site) -> None:
    with ExitStack() as links:
        for _ in range(40):
            link = links.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            link.sendall(SLOW.encode())
        assert asked(site, "/health/") == (200, "ok\n")
        assert asked(site, "/sign-in/")[0] == 200


@pytest.mark.usefixtures("web")
def test_a_file_is_dropped_and_what_is_too_large_is_not_read(site: Site, tmp_path: Path) -> None:
    part = b'--b\r\ncontent-disposition: form-data; name="f"; filename="f"\r\n\r\n%s\r\n--b--\r\n'
    status, text = asked(site, "/sign-in/", "POST", part % (b"x" * 5_000_000))
    assert (status, "larger than 4 MB" in text) == (413, True)
    # The token is missing, and nothing was written anywhere.
    before = set(Path("/tmp").glob("*.upload*"))  # noqa: S108 - where Django would put it
    assert asked(site, "/profile/", "POST", part % (b"x" * 3_500_000))[0] == 403
    assert set(Path("/tmp").glob("*.upload*")) == before  # noqa: S108
    assert not list(tmp_path.iterdir())


def test_while_the_database_is_away_pages_say_so_and_the_log_does_once(
    site: Site, web: Process
) -> None:
    with site.servers.without("postgres"):
        # Each of the two processes learns of it by a request of its own.
        until(lambda: len(lines(web, "the database does not answer")) == 2 or outage(site))
        for path in ("/health/", "/sign-in/", "/", "/health/"):
            status, text = asked(site, path)
            assert (status, "The database does not answer" in text) == (503, True), path
    until(lambda: all(asked(site, "/health/")[0] == 200 for _ in range(8)))
    assert 1 <= len(lines(web, "the database does not answer")) <= 2
    assert 1 <= len(lines(web, "the database answers again")) <= 2
    assert not lines(web, "Traceback")
    assert not lines(web, "psycopg.pool")


def outage(site: Site) -> bool:
    """Ask once more; never what is waited for."""
    asked(site, "/health/")
    return False


def test_told_to_end_while_it_has_no_database_it_ends(site: Site) -> None:
    with site.servers.without("postgres"), started(site, "web") as (process,):
        until(lambda: asked_at_all(site))
        process.popen.send_signal(signal.SIGTERM)
        assert process.ended() == 0


def asked_at_all(site: Site) -> bool:
    try:
        return asked(site, "/health/")[0] == 503
    except OSError:
        return False


def test_the_tables_owner_is_refused_as_the_web_process(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = str(site.servers.secrets / "database_owner_url")
    monkeypatch.setitem(site.settings, "DATABASE_URL_FILE", owner)
    for service in ("web", "worker", "beat"):
        with started(site, service) as (process,):
            assert process.ended() != 0, service
            assert "owns the tables, so history would not be append-only" in process.log.read_text()


def test_roles_are_made_as_a_whole_or_not_at_all(site: Site, tmp_path: Path) -> None:
    def made(**files: Path) -> subprocess.CompletedProcess[str]:
        secret = site.servers.secrets / "database_superuser_password"
        given = {name: str(path) for name, path in files.items()}
        return subprocess.run(
            ["sh", "deploy/postgres/roles.sh"], cwd=PROJECT, capture_output=True, text=True,
            env=site.servers.environment | {"PGPASSWORD": secret.read_text().strip(), **given},
            check=False,
        )  # fmt: skip

    empty, good = tmp_path / "empty", site.servers.secrets / "database_password"
    empty.touch()
    owner = site.servers.secrets / "database_owner_password"
    for bad in (empty, tmp_path / "absent"):
        ran = made(OWNER_PASSWORD_FILE=owner, APPLICATION_PASSWORD_FILE=bad)
        assert (ran.returncode, "Nothing was changed" in ran.stderr) == (1, True)
    # Again, with the same passwords: what is there stays, and it is no error.
    ran = made(OWNER_PASSWORD_FILE=owner, APPLICATION_PASSWORD_FILE=good)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert site.sql("SELECT count(*) FROM accounts_account") == [(0,)]
