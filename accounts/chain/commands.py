"""What the commands about chains have in common: one exports heads, one verifies against them."""

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from accounts.chain.anchor_files import BadAnchorError
from accounts.shared import command


class Found(Protocol):
    """Something that is wrong."""

    def as_dict(self) -> Mapping[str, object]:
        """Return it as it is printed in JSON."""

    def as_line(self) -> str:
        """Return it as it is printed for people."""


class Report(Protocol):
    """What was read, and what is wrong, first things first."""

    @property
    def findings(self) -> Sequence[Found]:
        """What is wrong."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows of each kind were read, in the order in which to say so."""


class ExportCommand(command.Command):
    """Writes heads to a new file; never overwrites one."""

    #: What the heads are of.
    counted: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, **options: Any) -> None:
        """Export and say how many."""
        try:
            count = self.export(options["file"])
        except OSError as error:
            self.refuse(f"{options['file'].name} cannot be written: {error.strerror}.")
        self.emit({"file": str(options["file"]), self.counted: count})

    def export(self, path: Path) -> int:
        """Write the file; return how many heads are in it."""
        raise NotImplementedError


class VerifyCommand(command.Command):
    """Exit code 1 if anything is wrong."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--anchor", type=Path, metavar="FILE", help="heads exported before")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, **options: Any) -> None:
        """Verify and print."""
        try:
            report = self.verify(options["anchor"])
        except BadAnchorError as error:
            self.refuse(str(error), code=command.UNUSABLE)
        unseen = self.unseen(anchored=options["anchor"] is not None)
        if options["json"]:
            self.emit(_as_dict(report, unseen))
        else:
            self._print(report, unseen)
        if report.findings:
            self.refuse(f"{len(report.findings)} findings.")

    def verify(self, anchor: Path | None) -> Report:
        """Verify, against a file of heads if there is one. Raise `BadAnchorError`."""
        raise NotImplementedError

    def unseen(self, *, anchored: bool) -> str | None:
        """Say what could have been changed without being seen."""
        raise NotImplementedError

    def _print(self, report: Report, unseen: str | None) -> None:
        for finding in report.findings:
            self.stdout.write(finding.as_line())
        counts = ", ".join(f"{count} {name}" for name, count in report.counts.items())
        self.stdout.write(f"{counts}: {'not ok' if report.findings else 'ok'}.")
        if unseen is not None:
            self.stdout.write(unseen)


def _as_dict(report: Report, unseen: str | None) -> dict[str, object]:
    return {
        "ok": not report.findings,
        **report.counts,
        "first_bad": report.findings[0].as_dict() if report.findings else None,
        "unseen": unseen,
    }
