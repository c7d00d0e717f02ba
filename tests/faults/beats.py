"""Fault 7: two beats at once, a beat that is killed, and one that hangs."""

import os
import signal
import time

from tests.faults.audit import Tally
from tests.faults.crew import Crew
from tests.faults.stage import Stage, tried
from tests.faults.trial import Trial
from tests.support.servers.installation import INTERVAL

ACCOUNTS = 300
TWO_BEATS_MINUTES = 1.5


def two(trial: Trial) -> Tally:
    found = tried(trial, _double, accounts=ACCOUNTS)
    trial.must(trial.surplus == 0, f"{trial.surplus} requests beyond one a slot")
    return found


def _double(stage: Stage, trial: Trial) -> None:
    minutes = trial.minutes or TWO_BEATS_MINUTES
    with Crew(stage.program, " beat ").of(1):
        time.sleep(60 * minutes)
    trial.note(f"two beats for {minutes:g} min")
    for _ in range(trial.times):
        _hurt(stage, trial, signal.SIGKILL)
    # It looks alive and does nothing: only what it ought to bring about can tell.
    _hurt(stage, trial, signal.SIGSTOP)


def freeze(stage: Stage, trial: Trial) -> None:
    _hurt(stage, trial, signal.SIGSTOP, within=6 * INTERVAL)


def _hurt(
    stage: Stage, trial: Trial, number: signal.Signals, *, within: float = 2 * INTERVAL
) -> None:
    os.kill(stage.program.child(" beat "), number)
    trial.injected += 1
    stage.goes_on(trial, within=within)
