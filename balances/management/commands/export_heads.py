"""Export the heads of every account's chains to a file outside the database."""

from pathlib import Path

from accounts.chain.commands import ExportCommand
from balances.evidence.verification import anchors


class Command(ExportCommand):
    """The history's anchor."""

    help = "Write the heads of all chains to FILE, for verify_history --anchor FILE."
    counted = "accounts"

    def export(self, path: Path) -> int:
        """Write the file."""
        return anchors.export(path)
