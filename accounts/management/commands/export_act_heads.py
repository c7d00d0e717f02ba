"""Export the heads of every log of acts to a file outside the database."""

from pathlib import Path

from accounts.audit import anchors
from accounts.chain.commands import ExportCommand


class Command(ExportCommand):
    """The audit log's anchor."""

    help = "Write the heads of all logs to FILE, for verify_audit --anchor FILE."
    counted = "logs"

    def export(self, path: Path) -> int:
        """Write the file."""
        return anchors.export(path)
