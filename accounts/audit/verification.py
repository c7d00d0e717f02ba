"""Does the audit log still say what was written? Every act is read again, in order, once."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.db import transaction

from accounts.audit.anchors import LogHead
from accounts.audit.canonical import act_text
from accounts.chain.hash_chain import Head, written
from accounts.models import Act

#: Acts that are read at once, so that memory stays flat.
CHUNK = 1000
UNSEEN = "Without an anchor, a tail that was cut off or a log recomputed as a whole is not seen."


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a log that is not what it ought to be; `number` and `at` are of its act."""

    log: str
    number: int | None
    at: str | None
    field: str
    expected: str
    found: str

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the finding as it is printed in JSON."""
        return asdict(self)

    def as_line(self) -> str:
        """Return the finding as it is printed for people."""
        at = f" at {self.at}" if self.at else ""
        what = f"{self.field} is {self.found}, expected {self.expected}"
        return f"{self.log}, act {self.number}{at}: {what}"


@dataclass(slots=True)
class Report:
    """What was read, and what is wrong, first things first."""

    acts: int = 0
    logs: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def counts(self) -> dict[str, int]:
        """How much was read."""
        return {"acts": self.acts, "logs": self.logs}


def verify(anchor: Iterable[LogHead] = (), *, most: int = 100) -> Report:
    """Read every log in one statement; stop after `most` findings."""
    report = Report()
    with transaction.atomic():
        for finding in _Reader(anchor, report).findings():
            report.findings.append(finding)
            if len(report.findings) >= most:
                break
    return report


class _Reader:
    """Walks all acts, log by log, each from its first to its last."""

    def __init__(self, anchor: Iterable[LogHead], report: Report) -> None:
        self.report = report
        self.anchored: dict[tuple[str, int], str] = {(h.log, h.acts): h.chain for h in anchor}
        self.log = ""
        self.head = Head()
        self.at: datetime | None = None

    def findings(self) -> Iterator[Finding]:
        """Yield whatever is wrong with the acts, then what of the anchor was not met."""
        acts = Act.objects.order_by("log", "number")
        for act in acts.iterator(chunk_size=CHUNK):
            if act.log != self.log or not self.report.logs:
                self._begin(act.log)
            yield from self._one(act)
        for (log, number), chain in self.anchored.items():
            yield Finding(log, number, None, "anchor", chain, "gone")

    def _begin(self, log: str) -> None:
        self.log, self.head, self.at = log, Head(), None
        self.report.logs += 1

    def _one(self, act: Act) -> Iterator[Finding]:
        self.report.acts += 1
        found = bytes(act.chain)
        yield from _compared(act, "number", str(self.head.count + 1), str(act.number))
        if self.at is not None and act.at <= self.at:
            yield from _compared(act, "at", f"after {written(self.at)}", written(act.at))
        link = self.head.link(act_text(act)).digest
        yield from _compared(act, "chain", link.hex(), found.hex())
        exported = self.anchored.pop((act.log, act.number), found.hex())
        yield from _compared(act, "anchor", exported, found.hex())
        # From the link that is stored, so that one changed act is one finding.
        self.head, self.at = Head(act.number, found), act.at


def _compared(act: Act, name: str, expected: str, found: str) -> Iterator[Finding]:
    if expected != found:
        yield Finding(act.log, act.number, written(act.at), name, expected, found)
