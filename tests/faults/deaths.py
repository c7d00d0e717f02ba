"""Faults 1, 2, 3 and 10: workers and their pool children die, or are asked to end."""

import os
import signal
import time
from dataclasses import dataclass, field

import psycopg

import embedded
from tests.faults.audit import Tally
from tests.faults.crew import Crew
from tests.faults.stage import Stage, tried
from tests.faults.trial import Trial
from tests.processes.program import children_of
from tests.processes.waiting import until
from tests.support.servers.installation import INTERVAL

#: So many accounts, with one slot each in 15 seconds, keep two cores busy.
MANY = 600
POLLS_A_KILL = 200
EXIT_SECONDS = 30
_OPEN = "SELECT claim_token::text FROM balances_schedule WHERE claim_slot IS NOT NULL"
#: A transaction of the program that has written and is writing what a chunk brought.
_WRITER = """
SELECT backend_xid::text FROM pg_stat_activity
WHERE usename = current_user AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
    AND query ~ 'balances_(payload|snapshot|change|holding|rollup)'
"""


def pool_child_killed(trial: Trial) -> Tally:
    return tried(trial, kill_children, accounts=MANY)


def kill_children(stage: Stage, trial: Trial) -> None:
    begun = stage.asked
    for _ in range(trial.times):
        before = stage.asked
        until(lambda: _open_claims(stage))
        trial.moment(0.5)
        _kill(trial.chance.choice(children_of(stage.program.child(" worker "))))
        trial.injected += 1
        stage.goes_on(trial, within=2 * INTERVAL)
        _wait_for_polls(stage, before + POLLS_A_KILL)
    trial.note(f"{stage.asked - begun} requests meanwhile")


def _wait_for_polls(stage: Stage, count: int) -> None:
    until(lambda: stage.asked >= count, 120)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it was replaced while we looked


def worker_killed(trial: Trial) -> Tally:
    return tried(trial, kill_workers, accounts=MANY // 2)


def kill_workers(stage: Stage, trial: Trial) -> None:
    watch = _Watch(stage, trial)
    # Once the supervisor's own, which it starts again; then others beside it, without its pauses.
    os.killpg(stage.program.child(" worker "), signal.SIGKILL)
    watch.killed()
    with Crew(stage.program, " worker ").of(2) as crew:
        for _ in range(trial.times - 1):
            until(lambda: _open_claims(stage))
            trial.moment(0.5)
            crew.kill(trial.chance)
            watch.killed()
        watch.until_all_ended()


@dataclass
class _Watch:
    """Watches that the claims that were open at each kill end."""

    stage: Stage
    trial: Trial
    open: dict[str, float] = field(default_factory=dict)

    def killed(self) -> None:
        self.trial.injected += 1
        self.look()
        for token in _open_claims(self.stage):
            self.open.setdefault(token, time.monotonic())

    def look(self) -> None:
        standing = set(_open_claims(self.stage))
        for token in self.open.keys() - standing:
            self.trial.recoveries.append(time.monotonic() - self.open.pop(token))

    def until_all_ended(self) -> None:
        def ended() -> bool:
            self.look()
            return not self.open

        until(ended, 4 * INTERVAL)
        slowest = max(self.trial.recoveries, default=0.0)
        self.trial.must(slowest <= 2 * INTERVAL, "a slot did not end within two intervals")


def _open_claims(stage: Stage) -> list[str]:
    return [row[0] for row in stage.installation.sql(_OPEN)]


def worker_asked_to_end(trial: Trial) -> Tally:
    found = tried(trial, end_workers, accounts=MANY // 2)
    trial.must(found.missed == 0, "slots were missed")
    slowest = max(trial.recoveries, default=0.0)
    trial.must(slowest <= EXIT_SECONDS, f"a worker took {slowest:.1f} s to end")
    return found


def end_workers(stage: Stage, trial: Trial) -> None:
    with Crew(stage.program, " worker ").of(3) as crew:
        for _ in range(trial.times):
            until(lambda: _open_claims(stage))
            trial.moment(0.5)
            trial.recoveries.append(crew.end(trial.chance, within=2 * EXIT_SECONDS))
            trial.injected += 1


def writer_killed(trial: Trial) -> Tally:
    return tried(trial, kill_writers, accounts=MANY // 2, moves_every=1)


def kill_writers(stage: Stage, trial: Trial) -> None:
    url = embedded.locate(stage.installation.data_dir).postgres.url
    with psycopg.connect(url, autocommit=True) as link:
        while trial.injected < trial.times:
            writing = _writing(link)
            trial.moment(0.01)
            for child in children_of(stage.program.child(" worker ")):
                _kill(child)
            trial.injected += _was_cut_off(link, writing)
        stage.goes_on(trial, within=2 * INTERVAL)


def _writing(link: "psycopg.Connection[tuple[str]]") -> list[str]:
    found: list[str] = []

    def is_there() -> bool:
        found[:] = [row[0] for row in link.execute(_WRITER.encode())]
        return bool(found)

    deadline = time.monotonic() + 2 * INTERVAL
    while not is_there():  # without a pause: a chunk is written in some hundredths of a second
        assert time.monotonic() < deadline, "nobody writes"
    return found


def _was_cut_off(link: "psycopg.Connection[tuple[str]]", writing: list[str]) -> bool:
    """Whether a transaction that was under way was never committed."""
    asked = "SELECT pg_xact_status(%s::xid8)"
    ends: list[str] = []

    def are_over() -> bool:
        rows = [link.execute(asked, (number,)).fetchone() for number in writing]
        ends[:] = [row[0] for row in rows if row]
        return "in progress" not in ends

    until(are_over)
    return "aborted" in ends
