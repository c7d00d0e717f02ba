"""Faults 4, 5, 6 and 9: what the program stands on dies, forgets, is full or restarts."""

import os
import signal

import embedded
from tests.faults.audit import Tally
from tests.faults.readers import Readers
from tests.faults.stage import Stage, tried, valkey
from tests.faults.trial import Trial
from tests.processes.program import Program
from tests.processes.waiting import until
from tests.support.servers.installation import INTERVAL

ACCOUNTS = 300
RESUMES_SECONDS = 10.0
#: How long Valkey stays full: several ticks long.
FULL_SECONDS = 12.0


def valkey_killed(trial: Trial) -> Tally:
    found = tried(trial, kill_valkey, accounts=ACCOUNTS)
    p95 = trial.recovery(0.95)
    trial.must(p95 is None or p95 <= RESUMES_SECONDS, "polling resumed later than 10 s (p95)")
    return found


def kill_valkey(stage: Stage, trial: Trial) -> None:
    for _ in range(trial.times):
        trial.moment(2)
        victim = stage.program.store("valkey-server")
        os.kill(victim, signal.SIGKILL)
        trial.injected += 1
        stage.goes_on(trial, within=4 * INTERVAL)
        _wait_for_another(stage.program, victim)


def _wait_for_another(program: Program, gone: int) -> None:
    until(lambda: program.store("valkey-server") not in {0, gone})


def valkey_emptied(trial: Trial) -> Tally:
    return tried(trial, empty_valkey, accounts=ACCOUNTS)


def empty_valkey(stage: Stage, trial: Trial) -> None:
    with valkey(stage) as broker:
        for _ in range(trial.times):
            trial.moment(3)
            broker.flushall()
            trial.injected += 1
            stage.goes_on(trial, within=4 * INTERVAL)


def valkey_full(trial: Trial) -> Tally:
    return tried(trial, fill_valkey, accounts=ACCOUNTS)


def fill_valkey(stage: Stage, trial: Trial) -> None:
    with valkey(stage) as broker:
        for _ in range(trial.times):
            said = len(_complaints(stage))
            # As low as it goes: whatever would take more memory is refused.
            broker.config_set("maxmemory", "1")
            trial.injected += 1
            trial.must(_is_loud(stage, said), "nothing was said of it")
            trial.moment(FULL_SECONDS)
            broker.config_set("maxmemory", "256mb")
            stage.goes_on(trial, within=4 * INTERVAL)
        trial.must(broker.info("stats")["evicted_keys"] == 0, "keys were evicted")


def _complaints(stage: Stage) -> list[str]:
    return [line for line in stage.program.errors.read_text().splitlines() if "maxmemory" in line]


def _is_loud(stage: Stage, before: int) -> bool:
    try:
        until(lambda: len(_complaints(stage)) > before)
    except AssertionError:
        return False
    return True


def postgres_restarted(trial: Trial) -> Tally:
    return tried(trial, restart_postgres, accounts=ACCOUNTS // 2)


def restart_postgres(stage: Stage, trial: Trial) -> None:
    url = embedded.locate(stage.installation.data_dir).postgres.url
    with Readers(stage.program.port, url).reading() as readers:
        for _ in range(trial.times):
            trial.moment(3)
            # An immediate shutdown: every backend is cut off, the log is replayed at the start.
            os.kill(stage.program.store("postgres"), signal.SIGQUIT)
            readers.database_fell()
            trial.injected += 1
            stage.goes_on(trial, within=4 * INTERVAL)
    trial.note(f"{readers.read} pages read, {readers.excused} errors while the database was away")
    for error in readers.errors[:3]:
        trial.breaks(f"an error though the database accepts connections: {error}")
