"""The quick form of what `make faults` injects at length: nothing is lost, doubled or torn."""

from random import Random

import pytest

from tests.faults import beats, deaths, stores, upstream
from tests.faults.stage import Injection, Stage
from tests.faults.trial import Trial
from tests.processes.books import assert_sound
from tests.processes.program import Program
from tests.processes.waiting import until

#: What is injected, and how often.
QUICK: dict[str, tuple[Injection, int]] = {
    "workers asked to end": (deaths.end_workers, 2),
    "writers killed inside a chunk": (deaths.kill_writers, 3),
    "Valkey emptied": (stores.empty_valkey, 2),
    "Valkey full": (stores.fill_valkey, 1),
    "beat frozen": (beats.freeze, 1),
    "PostgreSQL restarted": (stores.restart_postgres, 1),
    "an answer byte by byte": (upstream.drip, 3),
}


@pytest.mark.parametrize("fault", QUICK)
def test_the_program_survives(program: Program, fault: str) -> None:
    inject, times = QUICK[fault]
    stage = Stage(program.installation, {}, program)
    until(lambda: stage.asked)
    trial = Trial(times, Random(fault))  # noqa: S311 - the same moments every time
    inject(stage, trial)
    assert trial.injected >= times
    assert not trial.broken
    until(program.answers)
    assert_sound(program.installation)
