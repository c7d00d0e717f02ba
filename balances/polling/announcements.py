"""Lines in the operator's log: one when something begins to fail, one when it works again.

Whether something begins is decided by rows that the same transaction has locked, so that two
workers say it once; a line is written once the transaction has committed. Accounts are named by
their ids: no line holds a label, an amount or a key.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction

from balances.core.instants import iso
from balances.ledger import schedules
from balances.ledger.schedules import Entry
from balances.polling.pacing import circuit_breaker
from balances.polling.pacing.environments import Key, Upstream, name_of
from balances.polling.results import Failure

log = logging.getLogger(__name__)

#: So many accounts are named in one line; of more only the number is said.
MOST_NAMED = 10
#: Missed slots have ended when none was missed for so many intervals, and at least so long.
CALM_INTERVALS, CALM_SECONDS = 2, 60

#: What a reason of missed slots means, and what to do.
_MISSED = {
    "unclaimed": "no worker or no beat looked in time; see that both run",
    "shed": "polls cannot keep up; raise QREDO_RATE_PER_SECOND, QREDO_CONCURRENCY or add workers",
    "unfinished": "a worker took them and did not finish; it was killed, hangs, or is too slow",
}


def _say(write: Callable[..., None], text: str, *values: object) -> None:
    transaction.on_commit(partial(write, text, *values), robust=True)


@dataclass(slots=True)
class AccountNews:
    """Which accounts of a transaction began to fail, by environment and reason, or work again."""

    _began: dict[tuple[Key, str], list[Entry]] = field(default_factory=dict)
    _details: dict[tuple[Key, str], str] = field(default_factory=dict)
    _ended: dict[Key, list[tuple[Entry, datetime | None]]] = field(default_factory=dict)

    def failed(self, entry: Entry, failure: Failure, key: Key, *, is_down: bool) -> None:
        """Note a slot or a refresh that ended without an answer.

        While the breaker `is_down` its environment's line stands for failures of that kind.
        """
        told, reason = set(entry.told_reasons.split()), failure.reason
        is_of_all = reason in circuit_breaker.DOWN
        if reason in told or (is_of_all and (is_down or told & circuit_breaker.DOWN)):
            return
        entry.told_reasons = " ".join(sorted({*told, reason}))
        self._began.setdefault((key, reason), []).append(entry)
        self._details.setdefault((key, reason), failure.detail)

    def answered(self, entry: Entry, key: Key) -> None:
        """Note an answer; to be done before the entry forgets that it failed."""
        if entry.told_reasons:
            self._ended.setdefault(key, []).append((entry, entry.failing_since))
        entry.told_reasons = ""

    def tell(self) -> None:
        """Say it all, a line for each environment and reason."""
        for (key, reason), entries in self._began.items():
            began = min(entry.failing_since for entry in entries if entry.failing_since)
            detail = self._details[key, reason]
            _say(
                log.warning, "polling fails: %s, %s, since %s: %s: %s",
                name_of(key), reason, iso(began), _accounts(entries), detail,
            )  # fmt: skip
        for key, ended in self._ended.items():
            instants = [since for _, since in ended if since is not None]
            since = f" since {iso(min(instants))}" if instants else ""
            accounts = _accounts([entry for entry, _ in ended])
            _say(
                log.info, "polling works again: %s, it failed%s: %s", name_of(key), since, accounts
            )


def polling_stopped(entry: Entry, key: Key, kind: str) -> None:
    """Close what was told of an account's failures: what comes after its pause is told again."""
    if entry.told_reasons:
        since = f" since {iso(entry.failing_since)}" if entry.failing_since else ""
        _say(
            log.info, "polling is stopped: %s, %s, it failed%s: %s",
            name_of(key), kind, since, _accounts([entry]),
        )  # fmt: skip
    entry.told_reasons = ""


def _accounts(entries: Sequence[Entry]) -> str:
    named = entries[:MOST_NAMED]
    uids = schedules.uids_of([entry.account_id for entry in named])
    text = ", ".join(str(uids[entry.account_id]) for entry in named)
    if len(entries) == 1:
        return f"account {text}"
    more = len(entries) - len(named)
    return f"{len(entries)} accounts: {text}{f' and {more} more' if more else ''}"


def breaker_moved(upstream: Upstream, opened_before: datetime | None, reasons: str) -> None:
    """Say that an environment's breaker opened, or that it closed."""
    if upstream.opened_at is not None and opened_before is None:
        _say(
            log.warning, "%s does not answer: %s, since %s: its accounts wait, a few are tried",
            upstream.name, reasons, iso(upstream.opened_at),
        )  # fmt: skip
    elif upstream.opened_at is None and opened_before is not None:
        _say(log.info, "%s answers again: it did not since %s", upstream.name, iso(opened_before))


def rate_moved(upstream: Upstream, rate_before: float | None, *, refused: bool) -> None:
    """Say that an environment is asked less often because it said so, or at its full rate again."""
    if refused and rate_before is None:
        _say(
            log.warning, "%s was asked too often: rate_limited: it is asked %.1f times a second"
            " now, and more often as it answers", upstream.name, upstream.rate,
        )  # fmt: skip
    elif upstream.rate is None and rate_before is not None:
        _say(log.info, "%s is asked at its full rate again", upstream.name)


def refreshes_unfinished(number: int) -> None:
    """Say that workers took refreshes and did not finish them; no slot was missed by that."""
    if number:
        _say(log.warning, "refreshes were not finished: %d: %s", number, _MISSED["unfinished"])


def slots_missed(upstream: Upstream, missed: Mapping[str, int], now: datetime) -> None:
    """Note which slots a pass booked as missed, by reason, in a locked environment's row.

    What the breaker holds back is told with it.
    """
    found = Counter({reason: slots for reason, slots in missed.items() if reason in _MISSED})
    if not found:
        _say_calm(upstream, now)
        return
    told = set(upstream.missing_reasons.split())
    for reason in sorted(found.keys() - told):
        _say(
            log.warning, "slots are missed: %s, %s, since %s: %s",
            upstream.name, reason, iso(upstream.missing_since or now), _MISSED[reason],
        )  # fmt: skip
    upstream.missing_reasons = " ".join(sorted(told | found.keys()))
    upstream.missing_since, upstream.missing_at = upstream.missing_since or now, now
    upstream.missing_slots += found.total()


def _say_calm(upstream: Upstream, now: datetime) -> None:
    calm = timedelta(seconds=max(CALM_INTERVALS * settings.POLL_INTERVAL_SECONDS, CALM_SECONDS))
    if upstream.missing_since is None or upstream.missing_at is None:
        return
    if now - upstream.missing_at > calm:
        _say(
            log.info, "no slots are missed any more: %s: %d were (%s) from %s to %s",
            upstream.name, upstream.missing_slots, upstream.missing_reasons,
            iso(upstream.missing_since), iso(upstream.missing_at),
        )  # fmt: skip
        upstream.missing_since = upstream.missing_at = None
        upstream.missing_slots, upstream.missing_reasons = 0, ""
