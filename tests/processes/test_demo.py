"""The demo as a newcomer meets it: its log-ins work at once, nothing of it leaves the machine."""

from collections.abc import Iterator

import pytest

from tests.processes.program import LAST_LINE, Browser, Program, serving
from tests.processes.scene import folder
from tests.processes.waiting import until
from tests.support.servers.installation import Installation, installed, strays
from tests.support.servers.qredo_server import QredoServer

ELSEWHERE = "https://qredo.invalid/qapi/v1"


@pytest.fixture(scope="module")
def newcomer() -> Iterator[Installation]:
    with QredoServer().running() as qredo, folder() as place, installed(place, qredo) as found:
        yield found


def password(program: Program) -> str:
    return program.lines()[1].rsplit(" ", 1)[1]


def signed_in(program: Program) -> Browser:
    browser = Browser(program.port)
    browser.sign_in("treasurer@demo.example", password(program))
    return browser


def shown(browser: Browser) -> str:
    return browser.get("/").text + browser.get("/accounts/").text


def test_log_ins_work_at_once_and_outlast_the_run(newcomer: Installation) -> None:
    # Even with addresses of a Qredo given, a demo account asks the simulator alone.
    with serving(newcomer, DEMO="1", QREDO_SANDBOX_URL=ELSEWHERE) as program:
        lines = program.lines()
        assert lines[0] == f"http://localhost:{program.port}"
        assert lines[1].startswith("Demo log-ins, all with the password demo-")
        assert lines[-1] == LAST_LINE
        browser = signed_in(program)
        until(lambda: "Custody" in shown(browser))
        until(lambda: newcomer.sql("SELECT FROM balances_snapshot LIMIT 1"))
        before = newcomer.sql("SELECT count(*) FROM balances_snapshot")[0][0]
        first = password(program)
        assert program.interrupted() == 0
        assert not strays(newcomer.data_dir)
    with serving(newcomer, DEMO="1", QREDO_SANDBOX_URL=ELSEWHERE) as program:
        assert password(program) == first
        assert "Custody" in shown(signed_in(program))
        until(lambda: newcomer.sql("SELECT count(*) FROM balances_snapshot")[0][0] > before)
        assert newcomer.sql("SELECT bool_and(is_demo) FROM accounts_account") == [(True,)]
        assert_commands_find_the_simulator(newcomer)
    assert not newcomer.qredo.requests


def assert_commands_find_the_simulator(newcomer: Installation) -> None:
    custody = "SELECT uid::text FROM accounts_account WHERE label = 'Custody'"
    (line,) = newcomer.run("poll_balances", newcomer.sql(custody)[0][0], "--json").told
    assert line["outcome"] in {"fresh", "skipped"}
