"""Which accounts are in a figure at an instant, and how many of them are fresh there.

An account is known from its first snapshot on; before it is unknown, which is not zero.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from accounts.access import Span
from balances import sql
from balances.buckets import TICK
from balances.freshness import fresh_stretches

#: By account, the stretches of time in which its figures may be shown; none for other accounts.
Spans = Mapping[int, Sequence[Span]]

BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
ALWAYS: tuple[Span, ...] = ((BEGINNING, None),)


@dataclass(frozen=True, slots=True)
class Presence:
    """How many accounts are in a figure at an instant, and how many of those are fresh."""

    expected: Callable[[datetime], int]
    fresh: Callable[[datetime], int]

    def is_known(self, at: datetime) -> bool:
        """Whether anything is known at an instant."""
        return self.expected(at) > 0


def presence(known: Spans, start: datetime, end: datetime) -> Presence:
    """Return who is there between two instants, of accounts known in these stretches of time."""
    return present(known, fresh_stretches(list(known), start, end))


def present(known: Spans, stretches: Mapping[int, Sequence[tuple[datetime, datetime]]]) -> Presence:
    """Return the same of accounts whose stretches of freshness are known."""
    return Presence(
        counter(span for spans in known.values() for span in spans),
        counter(_fresh(known, stretches)),
    )


def known_spans(account_ids: Sequence[int], spans: Spans | None = None) -> dict[int, list[Span]]:
    """Return, by account, the stretches of time in which it is known and may be shown."""
    return {
        i: [
            (max(began, first), ended)
            for began, ended in (ALWAYS if spans is None else spans.get(i, ()))
            if ended is None or first < ended
        ]
        for i, first in first_seen(list(account_ids)).items()
    }


def joined(spans: Iterable[Span]) -> list[Span]:
    """Put together stretches of time that overlap or adjoin; the result is in order."""
    found: list[Span] = []
    for began, ended in sorted(spans, key=lambda span: span[0]):
        last = found[-1] if found else None
        if last is None or (last[1] is not None and last[1] < began):
            found.append((began, ended))
        elif last[1] is not None and (ended is None or ended > last[1]):
            found[-1] = (last[0], ended)
    return found


def _fresh(
    known: Spans, stretches: Mapping[int, Sequence[tuple[datetime, datetime]]]
) -> Iterator[Span]:
    """Yield the parts of known stretches in which an account is fresh."""
    for account_id, stays in known.items():
        for began, ended in stays:
            for first, until in stretches[account_id]:
                # The last instant of freshness still counts.
                yield max(began, first), min(ended or END, until + TICK)


def counter(spans: Iterable[Span]) -> Callable[[datetime], int]:
    """Return a function that counts the stretches in which an instant lies."""
    whole = [(began, ended or END) for began, ended in spans]
    begins = sorted(began for began, ended in whole if began < ended)
    ends = sorted(ended for began, ended in whole if began < ended)
    return lambda at: bisect_right(begins, at) - bisect_right(ends, at)


# Serves "since when is an account known".
_FIRST_SEEN = """
SELECT a.id, s.observed_at FROM unnest(%s::bigint[]) AS a(id) CROSS JOIN LATERAL (
    SELECT observed_at FROM balances_snapshot
    WHERE account_id = a.id ORDER BY observed_at LIMIT 1) s
"""


def first_seen(account_ids: list[int]) -> dict[int, datetime]:
    """Return when each account was seen first; unknown accounts are missing."""
    return dict(sql.rows(_FIRST_SEEN, [account_ids]))
