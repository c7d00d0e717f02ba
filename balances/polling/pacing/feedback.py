"""Lessons: what an environment's row learns from how polls ended."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from balances.core import sql
from balances.polling import announcements
from balances.polling.pacing import circuit_breaker, environments, rate_limits
from balances.polling.pacing.environments import Key, Upstream
from balances.polling.results import Failure, Result

FRESH, REFUSED, BEFORE = "fresh", "rate_limited", "fresh before"


@dataclass(frozen=True, slots=True)
class Lessons:
    """What results say about their environments, and what was known of these before."""

    #: Each account's environment.
    keys: dict[int, Key]
    _tallies: dict[Key, Counter[str]]
    _known: dict[Key, Upstream]

    @classmethod
    def of(cls, results: Iterable[Result], *, after: Iterable[Result] = ()) -> Self:
        """Count results.

        `after` were recorded just before and asked at the same time: if any was answered, those
        that fail late are slow by themselves and say nothing about Qredo.
        """
        told, before = list(results), [result for result in after if result.answer is not None]
        keys = _keys([result.account_id for result in (*told, *before)])
        tallies = _tallies(told, before, keys)
        return cls(keys, tallies, {one.key: one for one in environments.read(tallies)})

    def is_down(self, account_id: int) -> bool:
        """Whether the breaker of an account's environment was open."""
        upstream = self._known.get(self.keys[account_id])
        return upstream is not None and upstream.opened_at is not None

    def teach(self, now: datetime) -> None:
        """Let environments learn. To be done last: their rows are locked."""
        # In quiet times nothing is locked and nothing written.
        news = [k for k, tally in self._tallies.items() if _is_news(self._known.get(k), tally)]
        if news:
            locked = environments.lock(news)
            for upstream in locked:
                _teach(upstream, self._tallies[upstream.key], now)
            environments.save(locked)


def _keys(account_ids: list[int]) -> dict[int, Key]:
    rows = sql.rows(
        "SELECT id, environment, is_demo FROM accounts_account WHERE id = ANY(%s)", [account_ids]
    )
    return {pk: (environment, is_demo) for pk, environment, is_demo in rows}


def _tallies(
    results: list[Result], before: list[Result], keys: dict[int, Key]
) -> dict[Key, Counter[str]]:
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
    opened_before, rate_before = upstream.opened_at, upstream.rate
    if tally[FRESH]:
        circuit_breaker.answered(upstream)
    elif _down(tally):
        circuit_breaker.failed(upstream, _down(tally), now)
    if tally[REFUSED]:
        rate_limits.refused(upstream)
    else:
        rate_limits.answered(upstream, tally[FRESH])
    reasons = ", ".join(sorted(tally.keys() & circuit_breaker.DOWN))
    announcements.breaker_moved(upstream, opened_before, reasons)
    announcements.rate_moved(upstream, rate_before, refused=tally[REFUSED] > 0)


def _down(tally: Counter[str]) -> int:
    """Return how many failed as if Qredo was down: none, if it answered others meanwhile."""
    if tally[FRESH] or tally[BEFORE]:
        return 0
    return sum(tally[reason] for reason in circuit_breaker.DOWN)
