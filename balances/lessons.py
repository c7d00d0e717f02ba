"""Lessons: what an environment's row learns from how polls ended."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from balances import breaker, limits, sql, upstreams
from balances.results import Failure, Result
from balances.upstreams import Key, Upstream

FRESH, REFUSED = "fresh", "rate_limited"


def learn(results: Iterable[Result], now: datetime) -> None:
    """Let environments learn from recorded results. To be done last: their rows are locked."""
    tallies = _tallies(list(results))
    known = {one.key: one for one in upstreams.read(tallies)}
    # In quiet times nothing is locked and nothing written.
    news = [key for key, tally in tallies.items() if _is_news(known.get(key), tally)]
    if news:
        locked = upstreams.lock(news)
        for upstream in locked:
            _teach(upstream, tallies[upstream.key], now)
        upstreams.save(locked)


def _tallies(results: list[Result]) -> dict[Key, Counter[str]]:
    rows = sql.rows(
        "SELECT id, environment, is_demo FROM accounts_account WHERE id = ANY(%s)",
        [[result.account_id for result in results]],
    )
    keys: dict[int, Key] = {pk: (environment, is_demo) for pk, environment, is_demo in rows}
    tallies: dict[Key, Counter[str]] = {}
    for result in results:
        tally = tallies.setdefault(keys[result.account_id], Counter())
        tally[result.outcome.reason if isinstance(result.outcome, Failure) else FRESH] += 1
    return tallies


def _is_news(upstream: Upstream | None, tally: Counter[str]) -> bool:
    is_calm = upstream is None or (upstream.rate is None and not upstream.failures)
    return bool(tally[REFUSED]) or not is_calm or (not tally[FRESH] and _down(tally) > 0)


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
    return sum(tally[reason] for reason in breaker.DOWN)
