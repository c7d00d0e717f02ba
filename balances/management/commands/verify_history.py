"""Verify that the history still says what was written."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from accounts import cli
from accounts.head_files import BadAnchorError
from balances.verification import anchors
from balances.verification.whole import Report, unseen, verify


class Command(cli.Command):
    """Exit code 1 if anything is wrong."""

    help = "Re-read bytes, changes, holdings, roll-ups, runs and chains."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--anchor", type=Path, metavar="FILE", help="heads exported before")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, **options: Any) -> None:
        """Verify and print."""
        path = options["anchor"]
        try:
            anchor = None if path is None else anchors.read(path)
        except BadAnchorError as error:
            self.refuse(str(error), code=cli.UNUSABLE)
        report = verify(anchor)
        if options["json"]:
            self.emit(_as_dict(report, anchored=anchor is not None))
        else:
            self._print(report, anchored=anchor is not None)
        if not report.ok:
            self.refuse(f"{len(report.findings)} findings.")

    def _print(self, report: Report, *, anchored: bool) -> None:
        for finding in report.findings:
            at = f" at {finding.slot}" if finding.slot else ""
            self.stdout.write(
                f"{finding.account}{at}: {finding.field} is {finding.found},"
                f" expected {finding.expected}"
            )
        verdict = "ok" if report.ok else "not ok"
        self.stdout.write(f"{report.snapshots} snapshots, {report.runs} runs: {verdict}.")
        self.stdout.write(unseen(anchored=anchored))


def _as_dict(report: Report, *, anchored: bool) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "snapshots": report.snapshots,
        "runs": report.runs,
        "first_bad": report.findings[0].as_dict() if report.findings else None,
        "unseen": unseen(anchored=anchored),
    }
