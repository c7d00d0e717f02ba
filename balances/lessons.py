"""Lessons: what an environment's row learns from how polls ended."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from balances import breaker, limits, sql, upstreams
from balances.results import Failure, Result
from balances.upstreams import Key, Upstream

FRESH, REFUSED, BEFORE = "fresh", "rate_limited", "fresh before"


def learn(results: Iterable[Result], now: datetime, *, after: Iterable[Result] = ()) -> None:
    """Let environments learn from recorded results. To be done last: their rows are locked.

    `after` were recorded just before and asked at the same time: if any was answered, those that
    fail late are slow by themselves and say nothing about Qredo.
    """
    tallies = _tallies(list(results), [result for result in after if result.answer is not None])
    known = {one.key: one for one in upstreams.read(tallies)}
    # In quiet times nothing is locked and nothing written.
    news = [key for key, tally in tallies.items() if _is_news(known.get(key), tally)]
    if news:
        locked = upstreams.lock(news)
        for upstream in locked:
            _teach(upstream, tallies[upstream.key], now)
        upstreams.save(locked)


def _tallies(results: list[Result], before: list[Result]) -> dict[Key, Counter[str]]:
    rows = sql.rows(
        "SELECT id, environment, is_demo FROM accounts_account WHERE id = ANY(%s)",
        [[result.account_id for result in (*results, *before)]],
    )
    keys: dict[int, Key] = {pk: (environment, is_demo) for pk, environment, is_demo in rows}
    tallies: dict[Key, Counter[str]] = {}
    for result in results:
        tally = tallies.setdefault(keys[result.account_id], Counter())
        tally[result.outcome.reason if isinstance(result.outcome, Failure) else FRESH] += 1
    for result in before:
        if keys[result.account_id] in tallies:
            tallies[keys[result.account_id]][BEFORE] += 1
    return tallies


def _is_news(upstream: Upstream | None, tally: Counter[str]) -> bool:
    is_calm = upstream is None or (upstream.rate is None and not upstream.failures)
    return bool(tally[REFUSED]) or not is_calm or _down(tally) > 0


def _teach(upstream: Upstream, tally: Counter[str], now: datetime) -> None:
    if tally[FRESH]:
        breaker.answered(upstream)
    elif _down(tally):
        breaker.failed(upstream, _down(tally), now)
    if tally[REFUSED]:
        limits.refused(upstream)
    else:
        limits.answered(upstream, tally[FRESH])


def _down(tally: Counter[str]) -> int:
    """Return how many failed as if Qredo was down: none, if it answered others meanwhile."""
    if tally[FRESH] or tally[BEFORE]:
        return 0
    return sum(tally[reason] for reason in breaker.DOWN)
