"""The breaker: an environment that is down is asked by a few probes only, until one is answered.

It opens after failures of the upstream-down kind in a row, whoever's they were, with no fresh poll
between. Probes are slots like any other; only their number and their distance are bounded. Closing
starts at a low rate, which every fresh poll raises: nobody stampedes.
"""

import random
from datetime import datetime, timedelta

from django.conf import settings

from balances.polling.pacing import rate_limits
from balances.polling.pacing.environments import Upstream

#: The reasons that mean "Qredo is down" rather than "this account has a problem".
DOWN = frozenset({"timeout", "refused", "reset", "dns", "upstream_error", "not_json"})
#: Opens after this many in a row: three accounts with all their attempts.
THRESHOLD = 10
#: So many accounts ask at a time, so that one that is broken by itself does not speak for all.
PROBES = 3
#: The distance doubles from two ticks up to this, or to an interval where that is shorter.
LONGEST_DISTANCE = timedelta(minutes=5)
#: The part of the full rate that it starts with at its return.
RATE_AT_RETURN = 1 / 10

#: Which part of what is left to chance is waited; a name of its own for the tests' sake.
jitter = random.random


def failed(upstream: Upstream, polls: int, now: datetime) -> None:
    """Count failures; open when they are many."""
    upstream.failures = min(upstream.failures + polls, 1_000_000)
    if upstream.opened_at is None and upstream.failures >= THRESHOLD:
        upstream.opened_at, upstream.probes = now, 0
        upstream.probe_at = now + _distance(upstream)


def answered(upstream: Upstream) -> None:
    """Close: the environment is there again."""
    upstream.failures = 0
    if upstream.opened_at is not None:
        # Whoever waited goes on waiting, for its turn.
        upstream.short_since = upstream.opened_at
        upstream.opened_at = upstream.probe_at = None
        rate_limits.start_slowly(upstream, RATE_AT_RETURN)


def allowed(upstream: Upstream, now: datetime, most: int) -> int:
    """Return how many of the claims that the limits allow may be taken: while open, probes."""
    if upstream.probe_at is None:
        return most
    # A clock that stepped back must not keep it open for as long as it stepped.
    is_due = upstream.probe_at <= now or upstream.probe_at > now + LONGEST_DISTANCE
    return min(most, PROBES) if is_due else 0


def probed(upstream: Upstream, now: datetime) -> None:
    """Put the next probes off."""
    if upstream.opened_at is not None:
        upstream.probes += 1
        upstream.probe_at = now + _distance(upstream)


def _distance(upstream: Upstream) -> timedelta:
    """Return the time to the next probes: half of it certain, half of it jitter."""
    interval = timedelta(seconds=settings.POLL_INTERVAL_SECONDS)
    first = timedelta(seconds=2 * settings.POLL_TICK_SECONDS)
    distance = min(first * 2.0 ** min(upstream.probes, 20), LONGEST_DISTANCE, interval)
    return distance * (1 + jitter()) / 2
