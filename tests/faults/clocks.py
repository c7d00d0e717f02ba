"""Fault 16: clocks that differ from each other, or step."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

import embedded
from tests.faults.audit import Tally
from tests.faults.stage import Stage, tried
from tests.faults.trial import Trial
from tests.processes.waiting import until
from tests.support.servers.installation import INTERVAL, Installation

ACCOUNTS = 100
#: Seconds by which Qredo's clock is ahead of ours: just over what it allows, and ten minutes.
SHIFTS = (30.5, -31.5, 32.0, 600.0, -600.0)
#: Seconds by which PostgreSQL's clock steps back, and forward again.
STEP = 25
#: Its name is found before PostgreSQL's own by whoever connects from now on.
_SCENE = """
CREATE SCHEMA IF NOT EXISTS faults;
CREATE TABLE faults.step (seconds integer);
INSERT INTO faults.step VALUES (0);
CREATE FUNCTION faults.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql AS
    'SELECT pg_catalog.clock_timestamp() - make_interval(secs => seconds) FROM faults.step';
GRANT USAGE ON SCHEMA faults TO PUBLIC;
GRANT SELECT ON faults.step TO PUBLIC;
ALTER DATABASE {database} SET search_path = faults, pg_catalog, public
"""
_REASONS = """
SELECT DISTINCT reason FROM balances_run WHERE outcome = 'failed'
UNION SELECT run_reason FROM balances_schedule WHERE run_outcome = 'failed'
"""
_CLOCK = "SELECT count(*) FROM balances_schedule WHERE last_reason = 'clock'"
_SLOWED = "SELECT count(*) FROM balances_schedule WHERE base_interval_seconds IS NOT NULL"


def off(trial: Trial) -> Tally:
    return tried(trial, _shift, accounts=ACCOUNTS, settle=6 * INTERVAL)


def _shift(stage: Stage, trial: Trial) -> None:
    for number in range(trial.times):
        _run_with(stage, trial, SHIFTS[number % len(SHIFTS)])
    found = {row[0] for row in stage.installation.sql(_REASONS)}
    trial.must(found == {"clock"}, f"failed with {sorted(found)}")
    _step(stage, trial)
    trial.note(
        "Qredo's clock is shifted against that of the processes; PostgreSQL's steps back by a"
        " clock_timestamp() put before its own; slots are in UTC, so there is no daylight saving"
    )


def _run_with(stage: Stage, trial: Trial, ahead: float) -> None:
    stage.qredo.ahead = ahead
    trial.injected += 1
    try:
        until(lambda: stage.installation.sql(_CLOCK)[0][0] == ACCOUNTS, 6 * INTERVAL)
    except AssertionError:
        trial.breaks(f"{ahead} s ahead is not named as a clock for every account")
    slowed = stage.installation.sql(_SLOWED)[0][0]
    trial.must(slowed == 0, f"{slowed} keys were blamed with Qredo {ahead} s ahead")
    stage.qredo.ahead = 0.0
    stage.comes_back(trial, within=4 * INTERVAL)


def _step(stage: Stage, trial: Trial) -> None:
    with _own_clock(stage.installation) as link:
        link.execute("UPDATE faults.step SET seconds = %s", (STEP,))
        trial.injected += 1
        stage.comes_back(trial, within=STEP + 4 * INTERVAL)
        link.execute("UPDATE faults.step SET seconds = 0")
        trial.injected += 1
        stage.comes_back(trial, within=4 * INTERVAL)


@contextmanager
def _own_clock(installation: Installation) -> "Iterator[psycopg.Connection[tuple[object, ...]]]":
    owner = embedded.locate(installation.data_dir).owner
    with psycopg.connect(owner.url, autocommit=True) as link:
        link.execute(_SCENE.format(database=owner.database).encode())
        try:
            yield link
        finally:
            link.execute(f"ALTER DATABASE {owner.database} RESET search_path".encode())
            link.execute(b"DROP SCHEMA faults CASCADE")
