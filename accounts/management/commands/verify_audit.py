"""Verify that the audit log still says what was written."""

from pathlib import Path

from accounts.audit import anchors
from accounts.audit.verification import UNSEEN, Report, verify
from accounts.chain.commands import VerifyCommand


class Command(VerifyCommand):
    """Every act and the chain of every log."""

    help = "Re-read every act and the chain of every log."

    def unseen(self, *, anchored: bool) -> str | None:
        """Say what is not seen without an anchor."""
        return None if anchored else UNSEEN

    def verify(self, anchor: Path | None) -> Report:
        """Verify all logs."""
        return verify(() if anchor is None else anchors.read(anchor))
