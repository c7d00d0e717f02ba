"""Working off claims: open the key, sign, ask, and write what came, a chunk at a time."""

import logging
import os
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

import qredo
from accounts import signing
from accounts.models import ApiKey
from accounts.shared import database_clock
from accounts.shared.database_clock import Clock
from balances.polling import claims, mixed_answers, recording
from balances.polling.claims import Claim
from balances.polling.pacing import rate_limits
from balances.polling.recording import Recorded
from balances.polling.results import Failure, Result

log = logging.getLogger(__name__)

#: A slow account does not delay the rest of its chunk: what has answered by then is recorded.
PROMPT_SECONDS = 1.0
#: With less time than this before the chunk's deadline, nothing is asked for again.
LEAST_SECONDS = 0.25

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
    asked = _Asked(
        _active_keys(claim.account_id for claim in held),
        now,
        clock_ns or database_clock.read().now_ns,
    )
    begin_until = time.monotonic() + _time_to_begin()
    asked.begin(held)
    first, _ = wait(asked.jobs, timeout=min(PROMPT_SECONDS, _time_to_begin()))
    yield asked.write(first)
    second, late = wait(asked.jobs, timeout=max(0.0, begin_until - time.monotonic()))
    claims.give_back([asked.jobs.pop(job) for job in late if job.cancel()])
    yield asked.write(second)
    yield asked.write(set(asked.jobs))
    # Answers that had to be asked for again.
    yield asked.write(set(asked.jobs))


@dataclass(slots=True)
class _Asked:
    """What is asked of a chunk and not written yet, by job; and what was written of it."""

    keys: Mapping[int, ApiKey]
    now: datetime | None
    clock_ns: Clock
    jobs: dict["Future[Result]", Claim] = field(default_factory=dict)
    again: set[UUID] = field(default_factory=set)
    results: list[Result] = field(default_factory=list)
    ends: float = field(
        default_factory=lambda: time.monotonic() + settings.POLL_CHUNK_DEADLINE_SECONDS
    )

    def begin(self, claims: Iterable[Claim]) -> None:
        """Ask for the balances of claimed accounts."""
        for claim in claims:
            key = self.keys.get(claim.account_id)
            self.jobs[_pool().submit(_ask, claim, key, self.clock_ns)] = claim

    def write(self, jobs: Iterable["Future[Result]"]) -> list[Recorded]:
        """Record these as soon as they end, in the order of their accounts.

        What has to be confirmed first is asked for again and comes later.
        """
        came = sorted((job.result() for job in jobs), key=lambda result: result.account_id)
        for job in jobs:
            del self.jobs[job]
        asked_twice = [result for result in came if result.token in self.again]
        fresh = [result for result in came if result.token not in self.again]
        fresh, others = mixed_answers.compared(fresh, now=self.now) if fresh else ([], {})
        came = sorted([*asked_twice, *fresh], key=lambda result: result.account_id)
        sure = [result for result in came if result.account_id not in others]
        for result in came:
            if result.account_id in others:
                self._ask_again(result, others[result.account_id])
        recorded = recording.record(sure, now=self.now, after=self.results) if sure else []
        self.results += sure
        return recorded

    def _ask_again(self, result: Result, others: Sequence[UUID]) -> None:
        if self.now is None:  # limits are of the present
            rate_limits.debit(result.account_id)
        again = _Again(result, self.keys[result.account_id], self.clock_ns, self.ends, others)
        self.jobs[_pool().submit(again.result)] = Claim(result.account_id, result.token)
        self.again.add(result.token)


@dataclass(frozen=True, slots=True)
class _Again:
    """An answer that other accounts were given, and how to ask for it a second time."""

    first: Result
    key: ApiKey
    clock_ns: Clock
    ends: float
    others: Sequence[UUID]

    def result(self) -> Result:
        """Ask on a connection of its own; what does not say the same is a failure."""
        left = self.ends - time.monotonic()
        if left < LEAST_SECONDS:
            return self._failed(Failure("timeout", "There was no time left.", permanent=False))
        try:
            second = _answer(self.key, self.clock_ns, signing.transport_apart(left))
        except (ImproperlyConfigured, OSError, ValueError):
            # The file of certificates or the proxy's address changed since the first answer.
            second = Failure("tls", "No second connection could be prepared. See QREDO_CA_FILE.")
        if isinstance(second, Failure):
            return self._failed(second)
        assert self.first.answer is not None  # noqa: S101 - failures are not asked again
        if mixed_answers.confirms(second, self.first.answer):
            return replace(self.first, outcome=second)
        log.error(
            "account %s in %s was answered what was given to %s before; asked again on a connection"
            " of its own, Qredo answered differently: nothing was recorded."
            " Run find_mixed_answers.",
            self.key.account.uid,
            self.key.account.environment,
            ", ".join(map(str, self.others[:5])),
        )
        return replace(self.first, outcome=mixed_answers.DIFFERENT)

    def _failed(self, failure: Failure) -> Result:
        detail = f"{mixed_answers.UNCONFIRMED}. {failure.detail}"
        # Nothing of a second answer is kept: whose it is, is what is in doubt.
        unsure = replace(failure, detail=detail, permanent=False, evidence=None)
        return replace(self.first, outcome=unsure)


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


def _answer(
    key: ApiKey, clock_ns: Clock, transport: qredo.Transport | None = None
) -> qredo.BalanceAnswer | Failure:
    account_uid = key.account.uid
    try:
        client = signing.client_for(key, clock_ns=clock_ns, transport=transport)
        # Whether they may be summed for this account is decided where the answer is recorded.
        answer = client.balance(sum_entries=True)
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
        # Where and with what; a traceback could show what a frame holds.
        what = f"{type(error).__name__} in {_place_of(error)}"
        _say_once(logging.ERROR, "a poll of account %s broke with %s", str(account_uid), what)
        return Failure(
            "bad_request",
            f"This program failed while polling ({what}): an error of its own, neither the key's"
            " nor Qredo's. Report it; this account's figures stay as they were.",
        )
    for name in answer.balances.unknown_fields:
        _say_once(
            logging.INFO,
            "Qredo's answers have a field that is not understood and passed over: %a",
            name[:64],
        )
    for name in answer.balances.left_out:
        _say_once(
            logging.WARNING,
            "Qredo's answers have an asset with a name that cannot be shown: it is left out of"
            " every figure, and its accounts are marked as partial: %s",
            name,
        )
    return answer


@lru_cache(maxsize=1000)
def _say_once(level: int, text: str, *values: str) -> None:
    log.log(level, text, *values)


def _place_of(error: Exception) -> str:
    """Return file and line of where an error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "no frame"


@cache
def _pool() -> ThreadPoolExecutor:
    # Kept for the life of the process: no chunk waits for threads to start.
    return ThreadPoolExecutor(settings.POLL_CONCURRENCY, thread_name_prefix="poll")


# A forked child inherits the pool without its threads: nothing would ever begin.
os.register_at_fork(after_in_child=_pool.cache_clear)
