"""Auditing what was written, from the tables alone: nothing lost, nothing twice, nothing torn."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.support.servers.installation import Installation


@dataclass(frozen=True, order=True)
class Stretch:
    """A run or a pause of an account."""

    account: int
    first: datetime
    until: datetime
    kind: str
    slots: int = 0
    last: datetime | None = None
    interval: int = 0


_RUNS = """
SELECT account_id, lower(span), upper(span), outcome, slots, last_slot, interval_seconds
FROM balances_run
UNION ALL
SELECT account_id, run_first, run_last + make_interval(secs => interval_seconds), run_outcome,
    run_slots, run_last, interval_seconds FROM balances_schedule WHERE run_slots > 0
"""
_PAUSES = """
SELECT account_id, began_at, ended_at, kind FROM balances_pause
WHERE ended_at > began_at
"""
_NEXT = """
SELECT account_id, coalesce(claim_slot, next_slot) FROM balances_schedule
WHERE next_slot IS NOT NULL
"""
#: Snapshots whose changes are not the two that every answer here brings, with one total.
_TORN = """
SELECT s.id FROM balances_snapshot s LEFT JOIN balances_change c ON c.snapshot_id = s.id
GROUP BY s.id, s.observed_at
HAVING count(*) <> 2 OR min(c.total) <> max(c.total) OR min(c.valid_from) <> s.observed_at
    OR max(c.valid_from) <> s.observed_at
"""
#: Holdings that do not stand where their newest change left them.
_ADRIFT = """
SELECT h.id FROM balances_holding h CROSS JOIN LATERAL (
    SELECT total FROM balances_change c WHERE c.holding_id = h.id
    ORDER BY valid_from DESC LIMIT 1) c
WHERE c.total <> h.total
"""
#: Slots for which two results were recorded.
_DOUBLED = """
SELECT account_id, slot FROM balances_snapshot WHERE slot IS NOT NULL
GROUP BY account_id, slot HAVING count(*) > 1
"""
_KEYS = """
SELECT k.account_id, k.key_id, count(*) FILTER (WHERE f.outcome = 'fresh') FROM accounts_apikey k
LEFT JOIN balances_refresh f ON f.account_id = k.account_id GROUP BY k.account_id, k.key_id
"""


@dataclass(frozen=True)
class Books:
    """All that is audited, as it stood at one moment."""

    tiled: list[Stretch]
    following: dict[int, datetime]
    torn: list[Any]
    adrift: list[Any]
    doubled: list[Any]
    keys: list[tuple[int, str, int]]


def opened(installation: Installation) -> Books:
    asked = [(query, ()) for query in (_RUNS, _PAUSES, _NEXT, _TORN, _ADRIFT, _DOUBLED, _KEYS)]
    runs, pauses, following, torn, adrift, doubled, keys = installation.sql_at_once(*asked)
    tiled = sorted(Stretch(*row) for row in [*runs, *pauses])
    return Books(tiled, dict(following), torn, adrift, doubled, keys)


def assert_sound(installation: Installation) -> Books:
    """Check the invariant: every due slot once, as fresh, failed or missed; nothing torn."""
    books = opened(installation)
    assert books.tiled
    _assert_tiled(books)
    assert (books.torn, books.adrift, books.doubled) == ([], [], [])
    _assert_asked(books, installation)
    return books


def _assert_tiled(books: Books) -> None:
    for stretch in books.tiled:
        if stretch.last is not None:
            steps = (stretch.last - stretch.first) / timedelta(seconds=stretch.interval)
            assert stretch.slots == steps + 1, stretch
    for before, after in pairwise(books.tiled):
        assert before.account != after.account or before.until == after.first, (before, after)
    for stretch in {stretch.account: stretch for stretch in books.tiled}.values():
        assert books.following[stretch.account] == stretch.until, stretch


def _assert_asked(books: Books, installation: Installation) -> None:
    """Nothing is called fresh that the server was not asked for."""
    counts = installation.qredo.counts()
    for account, key_id, refreshes in books.keys:
        fresh = [s.slots for s in books.tiled if (s.account, s.kind) == (account, "fresh")]
        assert sum(fresh) + refreshes <= counts[key_id]
