"""Fault 17: the vault's key is replaced, again and again, while everything is polled."""

from tests.faults.audit import Tally
from tests.faults.stage import Stage, tried
from tests.faults.trial import Trial
from tests.processes.waiting import until
from tests.support.servers.installation import Installation, Ran

#: So many accounts, with one slot each in 15 seconds.
MANY = 600
POLLS_A_ROTATION = 500
_FAILED = "SELECT count(*) FROM balances_run WHERE outcome = 'failed'"
_FAILING = "SELECT count(*) FROM balances_schedule WHERE last_reason <> ''"


def rotated(trial: Trial) -> Tally:
    return tried(trial, rotate, accounts=MANY)


def rotate(stage: Stage, trial: Trial) -> None:
    begun = stage.asked
    for _ in range(trial.times):
        goal = stage.asked + POLLS_A_ROTATION
        _rotate_once(stage.installation, trial)
        trial.injected += 1
        _wait_for_polls(stage, goal)
        failed = sum(stage.installation.sql(query)[0][0] for query in (_FAILED, _FAILING))
        trial.must(failed == 0, f"{failed} polls failed")
    trial.note(f"{stage.asked - begun} requests meanwhile")


def _wait_for_polls(stage: Stage, goal: int) -> None:
    until(lambda: stage.asked >= goal, 240)


def _rotate_once(house: Installation, trial: Trial) -> None:
    old = _told(house.run("new_vault_key", "--add"), trial)["primary"]
    trial.moment(1)
    _told(house.run("new_vault_key", "--promote"), trial)
    trial.moment(1)
    left = _told(house.run("rotate_vault", "--json"), trial)["sealed_with"]
    trial.must(left[str(old)] == 0, f"{left[str(old)]} keys are sealed with the old one still")
    _told(house.run("new_vault_key", "--retire", str(old)), trial)


def _told(ran: Ran, trial: Trial) -> dict[str, dict[str, int]]:
    trial.must(ran.code == 0, ran.err)
    return dict(ran.told[0])
