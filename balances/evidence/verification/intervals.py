"""Stretches of an account's time that no chain holds: tenures, pauses, and refreshes beside them.

They have to tile or to fit between what is chained, and to say the same as the account's own row.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise

from accounts.models import Account, Tenure
from balances.core import sql
from balances.evidence.verification.findings import Finding, compared
from balances.models import Pause, Snapshot

# A hundred: so many findings end the verification. Of the open run only its slots are certain.
_PAUSED_IN_A_RUN = """
SELECT p.began_at FROM balances_pause p
WHERE p.account_id = %(account)s AND (
    EXISTS (SELECT FROM balances_run r WHERE r.account_id = p.account_id
        AND r.span && tstzrange(p.began_at, p.ended_at))
    OR EXISTS (SELECT FROM balances_schedule s WHERE s.account_id = p.account_id
        AND tstzrange(s.run_first, s.run_last, '[]') && tstzrange(p.began_at, p.ended_at)
        AND s.run_first IS NOT NULL))
ORDER BY p.began_at LIMIT 100
"""
_TORN_REFRESHES = """
SELECT asked_at FROM balances_refresh
WHERE account_id = %(account)s AND (
    (outcome = 'fresh') <> (observed_at IS NOT NULL)
    OR (outcome = '') <> (finished_at IS NULL)
    OR outcome NOT IN ('', 'fresh', 'failed', 'missed', 'skipped'))
ORDER BY asked_at LIMIT 100
"""


class StretchChecker:
    """Looks at the tenures, pauses and refreshes of one account."""

    def __init__(self, account: Account) -> None:
        self.account, self.uid = account, str(account.uid)

    def findings(self) -> Iterator[Finding]:
        """Yield whatever does not fit."""
        yield from self._pauses()
        yield from self._tenures()
        for (asked,) in sql.rows(_TORN_REFRESHES, {"account": self.account.pk}):
            yield from compared(self.uid, asked, "refresh", "whole", "torn")

    def _pauses(self) -> Iterator[Finding]:
        for (began,) in sql.rows(_PAUSED_IN_A_RUN, {"account": self.account.pk}):
            yield from compared(self.uid, began, "pause in a run", "none", "a pause")
        pauses = Pause.objects.filter(account=self.account, ended_at=None)
        found = list(pauses.values_list("kind", "began_at"))
        halts = self._halts()
        if len(found) != bool(halts) or not all(self._fits(halts, *pause) for pause in found):
            yield from compared(self.uid, None, "open pause", _told(halts.items()), _told(found))

    def _halts(self) -> dict[str, datetime]:
        """Return the reasons to stand still that the account's row speaks of."""
        names = ("archived", "keyless", "paused")
        halts = {name: getattr(self.account, f"{name}_at") for name in names}
        return {name: since for name, since in halts.items() if since is not None}

    def _fits(self, halts: dict[str, datetime], kind: str, began: datetime) -> bool:
        """Whether a pause is one of the account's; its reason may be older than another's end."""
        since = halts.get(kind)
        if since is None or since >= began:
            return since == began
        return Pause.objects.filter(account=self.account, ended_at=began).exists()

    def _tenures(self) -> Iterator[Finding]:
        tenures = list(Tenure.objects.filter(account=self.account).order_by("began_at"))
        if not tenures:
            yield from compared(self.uid, None, "tenures", "some", "none")
            return
        for before, after in pairwise(tenures):
            yield from compared(
                self.uid, after.began_at, "tenure begins", before.ended_at, after.began_at
            )
        yield from self._first(tenures[0])
        yield from self._today(tenures[-1])

    def _first(self, first: Tenure) -> Iterator[Finding]:
        seen = Snapshot.objects.filter(account=self.account, observed_at__lt=first.began_at)
        yield from compared(
            self.uid, first.began_at, "snapshots before the first tenure", 0, seen.count()
        )

    def _today(self, last: Tenure) -> Iterator[Finding]:
        yield from compared(self.uid, last.began_at, "newest tenure ends", None, last.ended_at)
        account = self.account
        expected = (account.organization_id, account.owner_id, account.archived_at is not None)
        found = (last.organization_id, last.owner_id, last.is_archived)
        yield from compared(self.uid, last.began_at, "newest tenure", expected, found)


def _told(pauses: Iterable[tuple[str, datetime]]) -> str:
    return ", ".join(f"{kind} since {began:%Y-%m-%dT%H:%M:%S.%fZ}" for kind, began in pauses)
