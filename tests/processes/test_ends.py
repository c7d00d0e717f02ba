"""How the program ends: in order and without a trace, or by force and with nothing lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import embedded
from tests.processes.books import assert_sound
from tests.processes.program import serving
from tests.processes.waiting import until
from tests.support.servers.installation import PROJECT, SERVER, Installation, strays


def asked(fund: Installation) -> int:
    return sum(fund.qredo.counts().values())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_orderly_end_leaves_nothing_and_misses_nothing(
    fund: Installation, number: signal.Signals
) -> None:
    before = asked(fund)
    with serving(fund) as program:
        until(lambda: asked(fund) >= before + 5)
        assert program.interrupted(number) == 0
        assert not strays(fund.data_dir)
        assert not program.answers()
    with embedded.hold(fund.data_dir):
        assert_sound(fund)
        assert not fund.sql("SELECT FROM balances_schedule WHERE claim_token IS NOT NULL")


def test_a_killed_supervisor_takes_its_children_along(fund: Installation) -> None:
    with serving(fund) as program:
        program.process.kill()
        program.process.wait(10)
        # The stores stay for whoever comes next; nobody is left to end them.
        until(lambda: set(strays(fund.data_dir).values()) <= {SERVER})
        assert not program.answers()
    with serving(fund) as program:
        assert program.answers()


#: Starts a child and is killed meanwhile, so many seconds after it began.
_KILLED_EARLY = """
import signal, sys
from qredo_dash.supervisor import Child
child = Child("child", ["sleep", "600"], {})
signal.signal(signal.SIGTERM, lambda *_: None)
signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.setitimer(signal.ITIMER_REAL, float(sys.argv[1]))
while True:
    child.start()
"""


def test_no_child_outlives_a_supervisor_that_dies_while_it_starts_them(tmp_path: Path) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path)}
    for n in range(48):
        command = [sys.executable, "-c", _KILLED_EARLY, str(0.01 + n / 997)]
        dying = subprocess.run(command, env=environment, cwd=PROJECT, check=False)
        assert dying.returncode == -signal.SIGALRM
    until(lambda: not strays(tmp_path))


def test_after_a_power_cut_polling_resumes_with_every_slot_in_its_place(fund: Installation) -> None:
    before = asked(fund)
    with serving(fund) as program:
        until(lambda: asked(fund) >= before + 10)
        program.killed()
    cut = asked(fund)
    with serving(fund) as program:
        until(lambda: asked(fund) >= cut + 10, 40)
        kinds = {stretch.kind for stretch in assert_sound(fund).tiled}
        assert kinds <= {"fresh", "missed"}
        assert program.interrupted() == 0
    assert not strays(fund.data_dir)
    assert not fund.qredo.offences()
