"""The program at its work: address, sign-in, figures that move, and no second one beside it."""

from datetime import datetime

from tests.processes.program import LAST_LINE, Browser, Program
from tests.processes.scene import EMAIL, PASSWORD
from tests.processes.waiting import until
from tests.support.servers.installation import INTERVAL


def newest(program: Program) -> dict[int, datetime]:
    seen = "SELECT account_id, observed_at FROM balances_schedule WHERE observed_at IS NOT NULL"
    return dict(program.installation.sql(seen))


def test_the_address_comes_first_and_without_demo_nothing_of_it(program: Program) -> None:
    assert program.lines() == [f"http://localhost:{program.port}", LAST_LINE]
    assert not program.children("qredo_sandbox")
    assert not program.children("load_demo")
    for word in ("granian", " worker ", " beat "):
        assert program.child(word)


def test_a_viewer_sees_the_accounts_and_nobody_else_does(program: Program) -> None:
    browser = Browser(program.port)
    assert browser.get("/").location.startswith("/sign-in/")
    browser.sign_in(EMAIL, PASSWORD)
    page = browser.get("/")
    assert page.status == 200
    labels = [row[0] for row in program.installation.sql("SELECT label FROM accounts_account")]
    shown = page.text + browser.get("/accounts/").text
    assert any(label in shown for label in labels)
    assert not any(key in shown for key in program.installation.qredo.answers)


def test_figures_move_by_themselves(program: Program) -> None:
    until(lambda: len(newest(program)) >= 5)
    before = newest(program)
    until(lambda: sum(newest(program)[i] > seen for i, seen in before.items()) >= 3, 2.5 * INTERVAL)
    assert not program.installation.qredo.offences()


def test_a_command_beside_it_disturbs_nothing(program: Program) -> None:
    installation = program.installation
    (uid,) = installation.sql("SELECT uid::text FROM accounts_account ORDER BY id LIMIT 1")[0]
    polled = installation.run("poll_balances", uid, "--json")
    assert polled.code == 0
    assert polled.lines[0]["outcome"] in {"fresh", "skipped"}
    told = installation.run("balance_at", "now", uid, "--json").lines
    assert [line["asset"] for line in told] == ["BTC", "ETH"]
    assert told[0]["total"] == told[1]["total"]
    assert program.answers()


def test_a_second_one_is_refused(program: Program) -> None:
    refused = program.installation.run("serve")
    assert "runs already" in refused.refused(2)
    assert program.answers()


def test_a_taken_port_is_refused(program: Program) -> None:
    elsewhere = str(program.installation.data_dir.parent / "second")
    refused = program.installation.run("serve", PORT=str(program.port), DATA_DIR=elsewhere)
    assert f"Port {program.port} is taken" in refused.refused(2)
