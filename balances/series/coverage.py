"""Which accounts are in a figure at an instant, and how many of them are fresh there.

An account is known from its first snapshot on; before it is unknown, which is not zero.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from accounts.access.querysets import Span
from balances.core import sql
from balances.core.instants import TICK
from balances.core.intervals import Spans, counts
from balances.history.freshness import fresh_stretches


@dataclass(frozen=True, slots=True)
class Presence:
    """How many accounts belong into a figure at each of some instants, are known, and are fresh."""

    expected: Sequence[int]
    known: Sequence[int]
    fresh: Sequence[int]


def presence(spans: Spans, known: Spans, instants: Sequence[datetime]) -> Presence:
    """Return who is there at instants, which ascend.

    Accounts belong into a figure in `spans`, and are known in `known`, which lie in those.
    """
    stretches = fresh_stretches(list(known), instants[0], instants[-1])
    return present(spans, known, stretches, instants)


def present(
    spans: Spans,
    known: Spans,
    stretches: Mapping[int, Sequence[tuple[datetime, datetime]]],
    instants: Sequence[datetime],
) -> Presence:
    """Return the same of accounts whose stretches of freshness are known."""
    return Presence(
        counts(chain.from_iterable(spans.values()), instants),
        counts(chain.from_iterable(known.values()), instants),
        counts(_fresh(known, stretches), instants),
    )


def known_spans(spans: Spans) -> dict[int, list[Span]]:
    """Return, by account, the stretches of time in which it is known and may be shown."""
    return {
        i: [(max(began, first), ended) for began, ended in spans[i] if not ended or first < ended]
        for i, first in first_seen(list(spans)).items()
    }


def _fresh(
    known: Spans, stretches: Mapping[int, Sequence[tuple[datetime, datetime]]]
) -> Iterator[Span]:
    """Yield the parts of known stretches in which an account is fresh."""
    for account_id, stays in known.items():
        for began, ended in stays:
            for first, until in stretches[account_id]:
                # The last instant of freshness still counts.
                fresh_until = until + TICK
                yield max(began, first), fresh_until if ended is None else min(ended, fresh_until)


# Serves "since when is an account known".
_FIRST_SEEN = """
SELECT a.id, s.observed_at FROM unnest(%s::bigint[]) AS a(id) CROSS JOIN LATERAL (
    SELECT observed_at FROM balances_snapshot
    WHERE account_id = a.id ORDER BY observed_at LIMIT 1) s
"""


def first_seen(account_ids: list[int]) -> dict[int, datetime]:
    """Return when each account was seen first; unknown accounts are missing."""
    return dict(sql.rows(_FIRST_SEEN, [sql.ids(account_ids)]))
