"""Verify that the audit log still says what was written."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from accounts import cli
from accounts.audit import anchors
from accounts.audit.verification import UNSEEN, Report, verify
from accounts.head_files import BadAnchorError


class Command(cli.Command):
    """Exit code 1 if anything is wrong."""

    help = "Re-read every act and the chain of every log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--anchor", type=Path, metavar="FILE", help="heads exported before")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, **options: Any) -> None:
        """Verify and print."""
        path = options["anchor"]
        try:
            report = verify(() if path is None else anchors.read(path))
        except BadAnchorError as error:
            self.refuse(str(error), code=cli.UNUSABLE)
        if options["json"]:
            self.emit(_as_dict(report, anchored=path is not None))
        else:
            self._print(report, anchored=path is not None)
        if not report.ok:
            self.refuse(f"{len(report.findings)} findings.")

    def _print(self, report: Report, *, anchored: bool) -> None:
        for one in report.findings:
            at = f" at {one.at}" if one.at else ""
            self.stdout.write(
                f"{one.log}, act {one.number}{at}: {one.field} is {one.found},"
                f" expected {one.expected}"
            )
        verdict = "ok" if report.ok else "not ok"
        self.stdout.write(f"{report.acts} acts in {report.logs} logs: {verdict}.")
        if not anchored:
            self.stdout.write(UNSEEN)


def _as_dict(report: Report, *, anchored: bool) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "acts": report.acts,
        "logs": report.logs,
        "first_bad": report.findings[0].as_dict() if report.findings else None,
        "unseen": None if anchored else UNSEEN,
    }
