"""Stretches of time: put together, and counted at instants."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate

from accounts.access.querysets import Span

#: By account, the stretches of time in which its figures may be shown; none for other accounts.
Spans = Mapping[int, Sequence[Span]]

ALWAYS: tuple[Span, ...] = ((datetime.min.replace(tzinfo=UTC), None),)


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


def common(spans: Iterable[Span], others: Sequence[Span]) -> Iterator[Span]:
    """Yield the stretches of time that lie in one of each; some may be empty."""
    for began, ended in spans:
        for first, until in others:
            ends = [end for end in (ended, until) if end is not None]
            yield max(began, first), min(ends, default=None)


def counts(spans: Iterable[Span], instants: Sequence[datetime]) -> list[int]:
    """Return in how many of the stretches each of the instants lies, which ascend."""
    steps = [0] * (len(instants) + 1)
    for began, ended in spans:
        first = bisect_left(instants, began)
        until = len(instants) if ended is None else bisect_left(instants, ended)
        if first < until:
            steps[first] += 1
            steps[until] -= 1
    return list(accumulate(steps[:-1]))
