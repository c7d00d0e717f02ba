"""What accounts stood at, at an instant of the past: how their polls went, why they stood still.

It follows from runs, refreshes, pauses and tenures, which are history, as today's follows from the
schedule. An attempt that was made again within its slot left no trace.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from accounts.models import Tenure
from balances.core import sql
from balances.core.instants import TICK
from balances.history import partial_keys
from balances.history.observations import Sight
from balances.history.status import Halt, Stand
from balances.models import Pause

_NEVER = datetime.min.replace(tzinfo=UTC)

# Of each account: the newest run, closed or open; of what failed since `seen`, the oldest and
# the newest. A closed run is at most a day long, so what reaches beyond `seen` began a day before.
_POLLS = """
WITH account AS (
    SELECT * FROM unnest(%(accounts)s::bigint[], %(seen)s::timestamptz[]) AS a(id, seen)
)
SELECT a.id, polls.* FROM account a CROSS JOIN LATERAL (
    (SELECT outcome, reason, first_slot, last_slot, interval_seconds FROM balances_run
    WHERE account_id = a.id AND first_slot <= %(at)s ORDER BY first_slot DESC LIMIT 1)
    UNION ALL
    (SELECT outcome, reason, first_slot, last_slot, interval_seconds FROM balances_run
    WHERE account_id = a.id AND first_slot <= %(at)s AND outcome = 'failed' AND last_slot > a.seen
        AND first_slot > a.seen - interval '1 day' ORDER BY first_slot DESC LIMIT 1)
    UNION ALL
    (SELECT outcome, reason, first_slot, last_slot, interval_seconds FROM balances_run
    WHERE account_id = a.id AND first_slot <= %(at)s AND outcome = 'failed' AND last_slot > a.seen
        AND first_slot > a.seen - interval '1 day' ORDER BY first_slot LIMIT 1)
    UNION ALL
    (SELECT run_outcome, run_reason, run_first, run_last, interval_seconds FROM balances_schedule
    WHERE account_id = a.id AND run_slots > 0 AND run_first <= %(at)s)
    UNION ALL
    (SELECT outcome, reason, finished_at, finished_at, 1 FROM balances_refresh
    WHERE account_id = a.id AND outcome = 'failed' AND finished_at > a.seen
        AND finished_at <= %(at)s ORDER BY asked_at DESC LIMIT 1)
    UNION ALL
    (SELECT outcome, reason, finished_at, finished_at, 1 FROM balances_refresh
    WHERE account_id = a.id AND outcome = 'failed' AND finished_at > a.seen
        AND finished_at <= %(at)s ORDER BY asked_at LIMIT 1)
) polls
"""


@dataclass(frozen=True, slots=True)
class _Polls:
    """Polls of one outcome: a run up to the instant asked for, or a refresh."""

    outcome: str
    reason: str
    first: datetime
    last: datetime
    interval: timedelta

    def since(self, seen: datetime) -> datetime:
        """Return the first of them that came after `seen`."""
        if self.first > seen:
            return self.first
        return self.first + ((seen - self.first) // self.interval + 1) * self.interval


def stands_at(
    owned: Mapping[int, datetime],
    tenures: Sequence[Tenure],
    sights: Mapping[int, Sight | None],
    at: datetime,
) -> dict[int, Stand]:
    """Return what each account stood at, by its id; `tenures` are those that held then.

    `owned` is `owned_since` of the same.
    """
    after = {i: max(began, _seen(sights[i])) for i, began in owned.items()}
    polls, halts = _polls(after, at), _halts(tenures, at)
    found = {i: _stand(sights[i], after[i], polls[i], halts.get(i)) for i in after}
    partial = partial_keys.partial_among(sights, at)
    return found | {i: replace(found[i], is_partial=True) for i in partial}


def _seen(sight: Sight | None) -> datetime:
    return sight.observed_at if sight else _NEVER


def owned_since(tenures: Sequence[Tenure], at: datetime) -> dict[int, datetime]:
    """Return after when each account was its owner's: what was before is not theirs to see."""
    owners = {t.account_id: (t.organization_id, t.owner_id) for t in tenures}
    found = dict.fromkeys(owners, _NEVER)
    ended = Tenure.objects.filter(account__in=list(owners), ended_at__lte=at).order_by("ended_at")
    for account_id, *owner, end in ended.values_list(
        "account", "organization", "owner", "ended_at"
    ):
        if end is not None and tuple(owner) != owners[account_id]:
            found[account_id] = end - TICK
    return found


def _polls(after: Mapping[int, datetime], at: datetime) -> dict[int, list[_Polls]]:
    values = {"accounts": list(after), "seen": list(after.values()), "at": at}
    found: dict[int, list[_Polls]] = defaultdict(list)
    for account_id, outcome, reason, first, last, seconds in sql.rows(_POLLS, values):
        interval = timedelta(seconds=seconds)
        so_far = first + (at - first) // interval * interval
        polls = _Polls(outcome, reason, first, min(last, so_far), interval)
        found[account_id].append(polls)
    return found


def _stand(
    sight: Sight | None, after: datetime, polls: Sequence[_Polls], halt: Halt | None
) -> Stand:
    failed = [one for one in polls if one.outcome == "failed" and one.last > after]
    if failed:
        since = min(one.since(after) for one in failed)
        reason = max(failed, key=lambda one: one.last).reason
        return Stand(sight, halt, failing_since=since, reason=reason, is_past=True)
    newest = max(polls, key=lambda one: one.first, default=None)
    missed = newest.reason if newest and newest.outcome == "missed" else ""
    return Stand(sight, halt, missed=missed, is_past=True)


def _halts(tenures: Sequence[Tenure], at: datetime) -> dict[int, Halt]:
    ids = [tenure.account_id for tenure in tenures]
    pauses = Pause.objects.filter(account__in=ids, began_at__lte=at).order_by("began_at")
    held = pauses.filter(Q(ended_at=None) | Q(ended_at__gt=at))
    found = {pause.account_id: Halt(pause.kind, pause.began_at) for pause in held}
    # Without a key it is archived all the same, and that comes first.
    archived = [tenure.account_id for tenure in tenures if tenure.is_archived]
    since = dict.fromkeys(archived, at) | {
        pause.account_id: pause.began_at
        for pause in pauses.filter(account__in=archived, kind="archived")
    }
    return found | {i: Halt("archived", began) for i, began in since.items()}
