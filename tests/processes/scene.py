"""What whole processes are tried with; the benchmark and the faults use it without pytest."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.support.servers.qredo_server import Answer, coin, holding

#: So many that with an interval of 15 seconds two slots or three fall due every second.
ACCOUNTS = 40
EMAIL, PASSWORD = "viewer@example.com", "a made-up pass phrase"


@contextmanager
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="qd-run-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made)


#: Accounts that answered with the same bytes would be asked twice.
_apart = count(0, 1_000_000)


def moving(every: int = 1) -> Callable[[], Answer]:
    """Two assets that always hold the same amount, a larger one every time (or every so often)."""
    numbers, first = count(every), next(_apart)

    def answer() -> Answer:
        number = first + next(numbers) // every
        return holding(BTC=coin(number), ETH=coin(number))

    return answer
