"""Verify that the history still says what was written."""

from pathlib import Path

from accounts.anchored import VerifyCommand
from balances.verification import anchors
from balances.verification.whole import UNSEEN, Report, verify


class Command(VerifyCommand):
    """All of the history."""

    help = "Re-read bytes, changes, holdings, roll-ups, runs and chains."
    unseen = UNSEEN

    def verify(self, anchor: Path | None) -> Report:
        """Verify the history."""
        return verify(None if anchor is None else anchors.read(anchor))
