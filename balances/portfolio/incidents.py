"""Incidents: several keys of one organization that Qredo rejects at once are one thing to mend.

An incident begins when two accounts or more of one organization and environment had their first
rejected slot within one cycle of each other: the longest of their usual intervals, since slots are
spread over it, and never less than people need who revoke keys one by one. From then on it has
every account there whose key is rejected, and ends by itself when there is none any more. The tick
keeps watch. Personal accounts never join: their owner has nobody to share it with.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from balances.core import sql
from balances.history.status import Polled
from balances.ledger import schedules
from balances.models import Incident, Schedule
from balances.polling.pacing.key_backoff import HOUR_SECONDS
from balances.portfolio.members import Member

SHORTEST_CYCLE = timedelta(minutes=5)
#: So many rejected keys are an incident; fewer speak for themselves.
SEVERAL = 2

# As `is_rejected`: by Qredo, since a key that could not be opened here slows nothing.
_REJECTED = f"""
s.last_reason = 'key_rejected' AND s.next_slot IS NOT NULL
AND (s.base_interval_seconds IS NOT NULL OR s.interval_seconds >= {HOUR_SECONDS})
"""

# An open run may go on with what midnight or a pause has cut: then the key was rejected before.
_BEGIN = f"""
WITH fresh AS (
    SELECT a.organization_id, a.environment, s.run_first,
        coalesce(s.base_interval_seconds, s.interval_seconds) AS usual
    FROM balances_schedule s JOIN accounts_account a ON a.id = s.account_id
    WHERE {_REJECTED} AND a.organization_id IS NOT NULL
        AND s.run_outcome = 'failed' AND s.run_reason = 'key_rejected'
        AND NOT EXISTS (
            SELECT FROM balances_incident i WHERE i.organization_id = a.organization_id
                AND i.environment = a.environment AND i.ended_at IS NULL)
        AND coalesce((
            SELECT r.reason FROM balances_run r
            WHERE r.account_id = s.account_id AND r.outcome <> 'missed'
                AND r.span && tstzrange(s.run_first - interval '2 days', s.run_first)
            ORDER BY r.span DESC LIMIT 1), '') <> 'key_rejected'
), near AS (
    SELECT *, max(run_first) OVER owned - greatest(
        make_interval(secs => max(usual) OVER owned), %(shortest)s) AS since
    FROM fresh WINDOW owned AS (PARTITION BY organization_id, environment)
)
INSERT INTO balances_incident (uid, organization_id, environment, kind, began_at)
SELECT gen_random_uuid(), organization_id, environment, 'key_rejected', min(run_first)
FROM near WHERE run_first >= since
GROUP BY organization_id, environment HAVING count(*) >= %(several)s
ON CONFLICT (organization_id, environment, kind) WHERE ended_at IS NULL DO NOTHING
"""  # noqa: S608 - fixed text

_END = f"""
UPDATE balances_incident i SET ended_at = %s WHERE ended_at IS NULL AND NOT EXISTS (
    SELECT FROM balances_schedule s JOIN accounts_account a ON a.id = s.account_id
    WHERE a.organization_id = i.organization_id AND a.environment = i.environment AND {_REJECTED})
"""  # noqa: S608 - fixed text


@dataclass(frozen=True, slots=True)
class Shared:
    """An open incident, with those of its accounts that a reader sees."""

    incident: Incident
    members: tuple[Member, ...]


def watch() -> None:
    """Begin and end incidents."""
    sql.count(_END, [schedules.clock()])
    sql.count(_BEGIN, {"shortest": SHORTEST_CYCLE, "several": SEVERAL})


def shared(members: Sequence[Member]) -> list[Shared]:
    """Return the incidents of which a reader sees several accounts.

    They are counted over what the reader sees alone, so that no number tells of other accounts.
    """
    rejected = [member for member in members if is_rejected(member.schedule)]
    if not rejected:
        return []
    owners = {member.account.organization_id for member in rejected}
    opened = Incident.objects.filter(organization__in=owners, ended_at=None)
    named = opened.select_related("organization")
    found = [Shared(one, tuple(_of(one, rejected))) for one in named]
    return sorted(
        (one for one in found if len(one.members) >= SEVERAL), key=lambda one: one.incident.began_at
    )


def is_rejected(schedule: Schedule | Polled | None) -> bool:
    """Whether Qredo rejects the account's key, and it is asked about all the same."""
    if schedule is None or schedule.next_slot is None or schedule.last_reason != "key_rejected":
        return False
    return schedule.base_interval_seconds is not None or schedule.interval_seconds >= HOUR_SECONDS


def _of(incident: Incident, rejected: Iterable[Member]) -> Iterable[Member]:
    place = incident.organization_id, incident.environment
    return (m for m in rejected if (m.account.organization_id, m.account.environment) == place)
