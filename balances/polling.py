"""Working off claims: open the key, sign, ask, and write what came, a chunk at a time."""

import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

import qredo
from accounts import database_clock, signing
from accounts.database_clock import Clock
from accounts.models import ApiKey
from balances import claims, recording
from balances.claims import Claim
from balances.recording import Recorded
from balances.results import Failure, Result

log = logging.getLogger(__name__)

#: Who has not answered by then is waited for alone: the others' claims end without them.
PROMPT_SECONDS = 1.0

NO_KEY = Failure("key_rejected", "No API key is stored for this account. Add one.", was_asked=False)
SEALED = Failure(
    "key_rejected",
    "The stored API key does not open with this installation's vault keyset. Restore the keyset "
    "or replace the key.",
    was_asked=False,
)


def poll(
    chunk: Sequence[Claim],
    *,
    now: datetime | None = None,
    clock_ns: Clock | None = None,
) -> list[Recorded]:
    """Poll every claimed account of a chunk and record what came: all of `waves` at once."""
    return [record for wave in waves(chunk, now=now, clock_ns=clock_ns) for record in wave]


def waves(
    chunk: Sequence[Claim],
    *,
    now: datetime | None = None,
    clock_ns: Clock | None = None,
) -> Iterator[list[Recorded]]:
    """Poll every claimed account of a chunk; record what came promptly, later, and at last.

    What could not begin in time to end before the chunk's deadline is given back; the next tick
    claims it anew. A claim that does not hold any more (a message delivered twice) is passed over.
    `now` stands for PostgreSQL's clock and `clock_ns` for the same where it signs; the demo's past
    needs both.
    """
    held = claims.still_held(chunk)
    clock = clock_ns or database_clock.read().now_ns
    keys = _active_keys(claim.account_id for claim in held)
    jobs = {_pool().submit(_ask, claim, keys.get(claim.account_id), clock): claim for claim in held}
    begin_until = time.monotonic() + _time_to_begin()
    first, late = wait(jobs, timeout=min(PROMPT_SECONDS, _time_to_begin()))
    written = _Written(now)
    yield written.add(first)
    second, late = wait(late, timeout=max(0.0, begin_until - time.monotonic()))
    untouched = {job for job in late if job.cancel()}
    claims.give_back([jobs[job] for job in untouched])
    yield written.add(second)
    yield written.add(late - untouched)


@dataclass(slots=True)
class _Written:
    """What is written of a chunk."""

    now: datetime | None
    results: list[Result] = field(default_factory=list)

    def add(self, jobs: Iterable["Future[Result]"]) -> list[Recorded]:
        """Record these as soon as they end, in the order of their accounts."""
        came = sorted((job.result() for job in jobs), key=lambda result: result.account_id)
        recorded = recording.record(came, now=self.now, after=self.results) if came else []
        self.results += came
        return recorded


def _time_to_begin() -> float:
    """Return the seconds within which a poll has to begin: it may last its HTTP deadline."""
    left: float = settings.POLL_CHUNK_DEADLINE_SECONDS - settings.POLL_HTTP_DEADLINE_SECONDS
    return max(left, 0.5)


def _active_keys(account_ids: Iterable[int]) -> dict[int, ApiKey]:
    keys = ApiKey.objects.filter(account__in=list(account_ids), replaced_at=None)
    return {key.account_id: key for key in keys.select_related("account")}


def _ask(claim: Claim, key: ApiKey | None, clock_ns: Clock) -> Result:
    outcome = NO_KEY if key is None else _answer(key, clock_ns)
    return Result(claim.account_id, claim.token, outcome)


def _answer(key: ApiKey, clock_ns: Clock) -> qredo.BalanceAnswer | Failure:
    try:
        answer = signing.client_for(key, clock_ns=clock_ns).balance()
    except qredo.QredoError as error:
        return Failure(
            str(error.reason),
            error.detail,
            permanent=error.permanent,
            retry_after=error.retry_after,
            evidence=error.evidence,
        )
    except signing.VaultError:
        return SEALED
    except (ImproperlyConfigured, ValueError) as error:
        # Names the setting, never the key: these are raised before anything is signed.
        return Failure("bad_request", str(error), was_asked=False)
    except Exception as error:  # noqa: BLE001 - a bug must not take the chunk's other results along
        log.error(  # noqa: TRY400 - a traceback could show what the frame holds
            "a poll broke with %s", type(error).__name__
        )
        return Failure("bad_request", "This program failed while polling. See its log.")
    for name in answer.balances.unknown_fields:
        _say_once(name)
    return answer


@lru_cache(maxsize=1000)
def _say_once(name: str) -> None:
    log.info("Qredo's answers have a field that is not understood and passed over: %a", name[:64])


@cache
def _pool() -> ThreadPoolExecutor:
    # Kept for the life of the process: each thread has its pooled connections to Qredo.
    return ThreadPoolExecutor(settings.POLL_CONCURRENCY, thread_name_prefix="poll")


# A forked child inherits the pool without its threads: nothing would ever begin.
os.register_at_fork(after_in_child=_pool.cache_clear)
