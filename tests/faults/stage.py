"""The scene of a fault: an installation whose accounts are polled by the running program."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from redis import Redis

import embedded
from tests.faults.audit import Tally, check, grid, tally
from tests.faults.trial import Trial, now
from tests.processes.books import opened
from tests.processes.program import Program, serving
from tests.processes.scene import EMAIL, PASSWORD, folder, moving
from tests.processes.waiting import until
from tests.support.servers.installation import INTERVAL, Installation, installed
from tests.support.servers.qredo_server import QredoServer

#: Every so many answers an account's balances differ: enough to tear, little to verify.
MOVES_EVERY = 4
#: What is tried is the program, not the manners that hold it back.
UNBOUNDED = {"QREDO_RATE_PER_SECOND": "10000", "QREDO_CONCURRENCY": "10000"}
_NEWEST_FRESH = "SELECT max(run_last) FROM balances_schedule WHERE run_outcome = 'fresh'"
_BEHIND = "SELECT count(*) FROM balances_schedule WHERE observed_at IS NULL OR observed_at < %s"


@dataclass
class Polled:
    """Accounts that are polled, and the upstream that is asked."""

    installation: Installation
    first: dict[int, datetime]

    @property
    def qredo(self) -> QredoServer:
        return self.installation.qredo

    def polled_since(self, moment: datetime) -> bool:
        """Whether a slot that fell due after a moment was worked off; False without a database."""
        try:
            newest = self.installation.sql(_NEWEST_FRESH)[0][0]
        except psycopg.OperationalError:
            return False
        return newest is not None and newest > moment

    def all_fresh_since(self, moment: datetime) -> bool:
        try:
            return bool(self.installation.sql(_BEHIND, moment)[0][0] == 0)
        except psycopg.OperationalError:
            return False

    @property
    def asked(self) -> int:
        """How many requests came."""
        return len(self.qredo.requests)

    def goes_on(self, trial: Trial, *, within: float) -> None:
        """Measure when a slot that falls due from now on has been worked off."""
        began = now()
        trial.recovers(
            lambda: self.polled_since(began), within=within, rule="polling did not go on"
        )

    def comes_back(self, trial: Trial, *, within: float) -> None:
        """Measure when every account was fresh again."""
        began = now()
        trial.recovers(
            lambda: self.all_fresh_since(began),
            within=within,
            rule=f"not everybody was fresh again within {within:.0f} s",
        )

    def tally(self) -> Tally:
        return tally(opened(self.installation), self.first)


@dataclass
class Stage(Polled):
    """A program at work."""

    program: Program


Injection = Callable[[Stage, Trial], None]


@contextmanager
def founded(accounts: int, moves_every: int, **settings: str) -> Iterator[Installation]:
    """Give an installation with accounts that were never polled."""
    with ExitStack() as stack:
        qredo = stack.enter_context(QredoServer().running())
        place = stack.enter_context(folder())
        made = stack.enter_context(installed(place, qredo, **settings))
        made.ahead = 0
        stack.enter_context(embedded.hold(made.data_dir))
        made.enrol(*(moving(moves_every) for _ in range(accounts)))
        viewer = ("--email", EMAIL, "--organization", "Fund", "--role", "viewer")
        assert made.run("add_person", *viewer, stdin=f"{PASSWORD}\n").code == 0
        yield made


def tried(
    trial: Trial,
    inject: Injection,
    *,
    accounts: int,
    moves_every: int = MOVES_EVERY,
    settle: float = 4 * INTERVAL,
    settings: dict[str, str] | None = None,
) -> Tally:
    """Run the program, inject a fault into it, let it come to rest and audit what it wrote.

    Counted is from the moment at which every account was polled once.
    """
    with founded(
        accounts, moves_every, **(UNBOUNDED if settings is None else settings)
    ) as installation:
        first = grid(installation)
        with serving(installation) as program:
            stage = Stage(installation, first, program)
            began = now()
            until(lambda: stage.all_fresh_since(began), 4 * INTERVAL)
            before = stage.tally()
            inject(stage, trial)
            settled(stage, trial, settle)
            trial.must(program.interrupted() == 0, "the program did not end in order")
        return check(installation, first, trial).since(before)


def settled(stage: Polled, trial: Trial, seconds: float) -> None:
    """Wait until every account was asked again, so that nobody starves; note it otherwise."""
    over = now()
    try:
        until(lambda: stage.all_fresh_since(over), seconds)
    except AssertionError:
        trial.breaks("an account was not polled again")
    lag = timedelta(seconds=2 * INTERVAL)
    books = opened(stage.installation)
    late = [slot for slot in books.following.values() if slot < now() - lag]
    trial.must(not late, "the grid of an account stands still")


@contextmanager
def valkey(stage: Polled) -> Iterator["Redis"]:
    """Give a connection to the broker itself."""
    url = embedded.locate(stage.installation.data_dir).valkey.client_url(0)
    with Redis.from_url(url) as link:
        yield link
