"""Thousands of accounts due at one instant on two workers: `python -m bench.at_once --help`.

Everything is started by hand: one beat, two workers. It prints how far the polls were, what each
process took, and whether every slot was worked off once: a measurement, not a test.
"""

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from bench.crowd import crowd, upstream
from tests.processes import by_hand
from tests.processes.by_hand import Process, Site
from tests.processes.program import descendants
from tests.support.servers.installation import PROJECT

_STATE = """
SELECT extract(epoch FROM clock_timestamp() - %s)::float,
    extract(epoch FROM max(last_attempt_at) - max(run_last))::float,
    count(*) FILTER (WHERE run_last = (SELECT max(run_last) FROM balances_schedule)),
    count(claim_token),
    extract(epoch FROM max(clock_timestamp() - last_attempt_at))::float,
    (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user)
FROM balances_schedule
"""
_SLOTS = """
WITH slots AS (
    SELECT account_id, outcome, reason, slots FROM balances_run
    UNION ALL SELECT account_id, run_outcome, run_reason, run_slots FROM balances_schedule
), each AS (SELECT account_id, outcome, reason, sum(slots) AS slots FROM slots GROUP BY 1, 2, 3)
SELECT outcome, reason, sum(slots)::int, count(*), min(slots)::int, max(slots)::int
FROM each WHERE slots > 0 GROUP BY 1, 2 ORDER BY 1, 2
"""
_TROUBLE = "SELECT deadlocks, xact_rollback FROM pg_stat_database WHERE datname = 'qredo_dash'"
_SLOT = ("outcome", "reason", "slots", "accounts", "fewest of one", "most of one")


def main() -> None:
    options = _options()
    settings = {
        "POLL_INTERVAL_SECONDS": str(options.interval),
        "QREDO_RATE_PER_SECOND": str(options.rate),
        "QREDO_CONCURRENCY": str(options.concurrency),
    }
    with (
        upstream(options.latency, options.assets, options.hanging) as asked,
        crowd(options.accounts, asked, settings) as site,
    ):
        run(site, options.interval * options.rounds)
        check(site)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.at_once")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--assets", type=int, default=10)
    parser.add_argument("--interval", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    parser.add_argument("--hanging", type=int, default=0, help="accounts of a hundred")
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=10_000)
    return parser.parse_args()


def run(site: Site, seconds: float) -> None:
    """Watch for so many seconds from the first slot on, then end everything."""
    with by_hand.started(site, "beat", "worker", "worker") as processes:
        watch(site, seconds)
        costs(processes)
        print("exit codes", by_hand.ended_in_order(processes))
        for log in (*(process.log for process in processes), site.servers.folder / "postgres.log"):
            print(*(line for line in log.read_text().splitlines() if "ERROR" in line), sep="\n")


def watch(site: Site, seconds: float) -> None:
    ((first,),) = site.sql("SELECT min(next_slot) FROM balances_schedule")
    since, polled, connections, distance = 0.0, -1, 0, 0.0
    while since < seconds - 2:
        since, took, done, claimed, waited, links = site.sql(_STATE, first)[0]
        connections = max(connections, links)
        distance = max(distance, waited or 0.0)
        if done != polled:
            print(
                f"{since:6.1f} s: {done} have the newest after {took or 0:.1f} s, {claimed} claimed"
            )
        polled = done
        time.sleep(1)
    print(f"at most {connections} connections, {distance:.1f} s between two polls of an account")


def costs(processes: list[Process]) -> None:
    for process in processes:
        for pid in (process.popen.pid, *descendants(process.popen.pid)):
            place = Path("/proc") / str(pid)
            peak = (place / "status").read_text().partition("VmHWM:")[2].split()[0]
            ticks = (place / "stat").read_text().rpartition(")")[2].split()[11:13]
            cpu = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
            print(f"{process.name} {pid}: peak {int(peak) // 1024} MB, CPU {cpu:.1f} s")


def check(site: Site) -> None:
    for row in site.sql(_SLOTS):
        print(dict(zip(_SLOT, row, strict=True)))
    print("deadlocks, transactions rolled back:", *site.sql(_TROUBLE))
    counts = site.qredo.counts()
    print(f"{counts.total()} requests; so many accounts asked so often:", Counter(counts.values()))
    # In its own time: it reads everything again.
    verify = [sys.executable, "manage.py", "verify_history"]
    subprocess.run(verify, cwd=PROJECT, env=site.environment(), check=True)


if __name__ == "__main__":
    main()
