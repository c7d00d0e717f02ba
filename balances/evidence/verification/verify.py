"""The whole verification: every account's snapshots and runs, the roll-ups, and the anchor.

A history that was recomputed as a whole, or cut at its end, is only seen against an anchor: heads
that were exported before it happened.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from accounts.models import Account
from balances.core import sql
from balances.core.instants import iso
from balances.evidence.verification import anchors
from balances.evidence.verification.anchors import Heads
from balances.evidence.verification.extents import ExtentChecker
from balances.evidence.verification.findings import Finding
from balances.evidence.verification.intervals import StretchChecker
from balances.evidence.verification.rules import RuleChecker
from balances.evidence.verification.runs import RunChecker
from balances.evidence.verification.schedules import ScheduleChecker
from balances.evidence.verification.snapshots import SnapshotChecker
from balances.ledger import rollups
from balances.models import Run, Schedule, Snapshot

UNSEEN = "Without an anchor, a tail that was cut off or a chain recomputed as a whole is not seen."
#: With an anchor neither: what is in no chain. `docs/canonical-form.md` says more.
UNCHAINED = (
    "In no chain, so only seen where it does not fit the rest: refreshes that changed nothing, the"
    " open run, when an account changed owners, what people did and how things are called. What"
    " keys were said to see, and whose entries of one asset are summed, is compared with the audit"
    " log, which verify_audit checks."
)


def unseen(*, anchored: bool) -> str:
    """Return what a verification could not see."""
    return UNCHAINED if anchored else f"{UNSEEN} {UNCHAINED}"


@dataclass(slots=True)
class Report:
    """What was read, and what is wrong, first things first."""

    snapshots: int = 0
    runs: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def counts(self) -> dict[str, int]:
        """How much was read."""
        return {"snapshots": self.snapshots, "runs": self.runs}


def verify(anchor: list[Heads] | None = None, *, most: int = 100) -> Report:
    """Read the whole history in one consistent view; streams, and stops after `most` findings."""
    with sql.one_view():
        sql.take_time()
        report = Report(Snapshot.objects.count(), Run.objects.count())
        for finding in _findings(anchor):
            report.findings.append(finding)
            if len(report.findings) >= most:
                break
    return report


def _findings(anchor: list[Heads] | None) -> Iterator[Finding]:
    for account in Account.objects.order_by("pk").iterator():
        yield from SnapshotChecker(account).findings()
        yield from RunChecker(account).findings()
        for schedule in Schedule.objects.filter(account=account):
            yield from ScheduleChecker(account, schedule).findings()
        yield from StretchChecker(account).findings()
        yield from ExtentChecker(account).findings()
        yield from RuleChecker(account).findings()
    for difference in rollups.differences():
        whose = f"{difference.table} {difference.field}"
        yield Finding("", iso(difference.at), whose, difference.expected, difference.found)
    yield from anchors.check(anchor or [])
