"""Limits: how fast and how often at once an environment is asked, held across all workers.

A token bucket in the environment's row; whoever claims a slot takes a token. 429 halves the rate,
every fresh poll gives a little of it back: the faster it is asked again, the faster it recovers.
"""

from datetime import datetime

from django.conf import settings

from balances.core import sql
from balances.polling.pacing.environments import Upstream

#: No environment is asked less often than this, requests a second, while something is due.
SLOWEST = 1.0
#: What a fresh poll gives back, as a part of the full rate.
GIVEN_BACK = 1 / 1000


def rate_of(upstream: Upstream) -> float:
    """Return how many requests a second an environment gets now."""
    return _full() if upstream.rate is None else min(upstream.rate, _full())


def fill(upstream: Upstream, now: datetime) -> None:
    """Put the tokens of the time since the last pass into the bucket: at most those of a tick."""
    rate = rate_of(upstream)
    most = max(1.0, rate * settings.POLL_TICK_SECONDS)
    if upstream.filled_at is None:
        upstream.tokens = most
    else:
        # A clock that stepped back brings nothing, and takes nothing away.
        passed = max(0.0, (now - upstream.filled_at).total_seconds())
        upstream.tokens = min(most, upstream.tokens + passed * rate)
    upstream.filled_at = now


def allowed(upstream: Upstream, *, in_flight: int) -> int:
    """Return how many claims may be taken now."""
    return max(0, min(int(upstream.tokens), settings.QREDO_CONCURRENCY - in_flight))


def refused(upstream: Upstream) -> None:
    """Halve the rate: Qredo was asked too often."""
    upstream.rate = max(min(SLOWEST, _full()), rate_of(upstream) / 2)
    upstream.tokens = min(upstream.tokens, 0.0)


def answered(upstream: Upstream, polls: int) -> None:
    """Give back some of the rate."""
    if upstream.rate is not None:
        upstream.rate += polls * _full() * GIVEN_BACK
        if upstream.rate >= _full():
            upstream.rate = None


def start_slowly(upstream: Upstream, share: float) -> None:
    """Begin with a part of the full rate and an empty bucket."""
    upstream.rate = max(min(SLOWEST, _full()), min(rate_of(upstream), _full() * share))
    upstream.tokens = min(upstream.tokens, 0.0)


def debit(account_id: int) -> None:
    """Take a token for a request that does not wait for one: somebody asked for a refresh."""
    sql.count(
        "UPDATE balances_environment e SET tokens = tokens - 1 FROM accounts_account a"
        " WHERE a.id = %s AND e.environment = a.environment AND e.is_demo = a.is_demo",
        [account_id],
    )


def _full() -> float:
    return float(settings.QREDO_RATE_PER_SECOND)
