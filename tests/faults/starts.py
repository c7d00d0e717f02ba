"""Fault 8: a server installation whose broker or database is not there yet when it starts."""

import time
from contextlib import ExitStack

from tests.faults.audit import Tally, check, grid
from tests.faults.stage import MOVES_EVERY, Polled, settled
from tests.faults.trial import Trial
from tests.processes import by_hand
from tests.processes.by_hand import Site, ended_in_order, started
from tests.processes.scene import folder, moving
from tests.support.servers.installation import INTERVAL
from tests.support.servers.qredo_server import QredoServer

ACCOUNTS = 60
STORES = ("valkey", "postgres")
SERVICES = ("beat", "worker", "web")
ABSENT_SECONDS = 20.0


def absent(trial: Trial) -> Tally:
    with (
        QredoServer().running() as qredo,
        folder() as place,
        by_hand.installed(place, qredo) as site,
    ):
        site.ahead = 0
        site.enrol(*(moving(MOVES_EVERY) for _ in range(ACCOUNTS)))
        polled = Polled(site, grid(site))
        for number in range(trial.times):
            _start_without(STORES[number % len(STORES)], site, polled, trial)
        return check(site, polled.first, trial)


def _start_without(store: str, site: Site, polled: Polled, trial: Trial) -> None:
    absence = 60 * trial.minutes if trial.minutes else ABSENT_SECONDS
    with ExitStack() as ends:
        with site.servers.without(store):
            processes = ends.enter_context(started(site, *SERVICES))
            time.sleep(absence)
        trial.injected += 1
        polled.goes_on(trial, within=4 * INTERVAL)
        trial.recovers(lambda: _web_answers(site), within=4 * INTERVAL, rule="no page came")
        settled(polled, trial, 4 * INTERVAL)
        gone = [process.name for process in processes if process.popen.poll() is not None]
        trial.must(not gone, f"without {store} these ended by themselves: {gone}")
        ended_in_order(processes)
    trial.note(f"{store} absent for {absence:.0f} s")


def _web_answers(site: Site) -> bool:
    return site.is_well("web", str(site.port))
