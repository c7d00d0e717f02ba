"""Making rows in processes of their own, which know no database: the writer takes them in turn."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from multiprocessing import get_context
from multiprocessing.connection import Connection

from accounts.chain.hash_chain import Head
from balances.demo.seed.account_history import Closed, Life, Member, Seen
from balances.demo.seed.copy_text import Texts, texts
from balances.demo.seed.plan import Plan
from balances.demo.seed.wallets import Amounts

#: So many snapshots and runs are handed on at once, whatever is asked for.
BATCH = 3_000
#: About so many changes of a day are made and brought into the order of time before that: of all
#: accounts, or of some after the others.
IN_ORDER = 20_000


@dataclass(frozen=True, slots=True)
class Share:
    """What one process makes: its accounts, and ids for their snapshots."""

    plan: Plan
    members: Sequence[Member]
    snapshot_ids: Sequence[range]


@dataclass(frozen=True, slots=True)
class End:
    """How an account stands at the end of its history."""

    account_id: int
    snapshots: Head
    runs: Head
    observed_at: datetime
    digest: bytes
    #: By holding: its amounts, and when they changed last.
    held: dict[int, tuple[Amounts, datetime]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of some accounts in one day, in order of time; at the very end how accounts stand."""

    day: datetime
    rows: Texts
    snapshots: int = 0
    changes: int = 0
    runs: int = 0
    ends: tuple[End, ...] = ()


@contextmanager
def producing(shares: Sequence[Share]) -> Iterator[Iterator[Batch]]:
    """Start a process a share and yield their batches; whatever happens, none is left behind."""
    context = get_context("spawn")
    ends = [context.Pipe(duplex=False) for _ in shares]
    made = [
        context.Process(target=_produce, args=(share, writer), daemon=True)
        for share, (_, writer) in zip(shares, ends, strict=True)
    ]
    try:
        for process, (_, writer) in zip(made, ends, strict=True):
            process.start()
            writer.close()  # only the process itself holds it: its end is noticed
        yield _in_turn([reader for reader, _ in ends])
    finally:
        for process in made:
            if process.pid is not None:
                process.terminate()
                process.join()


def _in_turn(readers: list["Connection[None, Batch | None]"]) -> Iterator[Batch]:
    """Take a batch of each in turn, so that rows lie in the order of time."""
    while readers:
        for reader in list(readers):
            batch = reader.recv()
            if batch is None:
                readers.remove(reader)
            else:
                yield batch


def _produce(share: Share, to: "Connection[Batch | None, None]") -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked for us ends us in order
    try:
        for batch in batches(share):
            to.send(batch)
        to.send(None)
    except BrokenPipeError:
        pass  # nobody is there any more


def batches(share: Share) -> Iterator[Batch]:
    """Make every row of a share, day by day."""
    ids = chain.from_iterable(share.snapshot_ids)
    lives = [Life(share.plan, member) for member in share.members]
    size = max(1, IN_ORDER // share.plan.changes_per_day)
    groups = [lives[start : start + size] for start in range(0, len(lives), size)]
    for _, until in share.plan.windows():
        for group in groups:
            made = sorted(chain.from_iterable(life.day(until) for life in group), key=_when)
            for start in range(0, len(made), BATCH):
                yield _batch(until, made[start : start + BATCH], ids)
    for group in groups:
        ends = tuple(_end(life) for life in group)
        yield Batch(share.plan.until, ("", "", "", ""), ends=ends)


def _batch(day: datetime, made: Sequence[Seen | Closed], ids: Iterator[int]) -> Batch:
    seen = [one for one in made if isinstance(one, Seen)]
    closed = [one for one in made if isinstance(one, Closed)]
    changes = sum(len(one.moved) for one in seen)
    # Ids first: a longer iterator would lose one to the shorter.
    numbered = [(next(ids), one) for one in seen]
    return Batch(day, texts(numbered, closed), len(seen), changes, len(closed))


def _when(made: Seen | Closed) -> datetime:
    return made.at


def _end(life: Life) -> End:
    held = {p.holding_id: (p.amounts, life.changed_at[p.holding_id]) for p in life.purses}
    return End(
        life.member.account_id, life.snapshots, life.runs, life.observed_at, life.digest, held
    )
