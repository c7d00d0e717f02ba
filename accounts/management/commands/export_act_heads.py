"""Export the heads of every log of acts to a file outside the database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from accounts import cli
from accounts.audit import anchors


class Command(cli.Command):
    """Never overwrites a file."""

    help = "Write the heads of all logs to FILE, for verify_audit --anchor FILE."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, **options: Any) -> None:
        """Export and say how many."""
        try:
            count = anchors.export(options["file"])
        except OSError as error:
            self.refuse(f"{options['file'].name} cannot be written: {error.strerror}.")
        self.emit({"file": str(options["file"]), "logs": count})
