"""Verify that the history still says what was written."""

from pathlib import Path

from accounts.chain.commands import VerifyCommand
from balances.evidence.verification import anchors
from balances.evidence.verification.verify import Report, unseen, verify


class Command(VerifyCommand):
    """All of the history."""

    help = "Re-read bytes, changes, holdings, roll-ups, runs and chains."

    def unseen(self, *, anchored: bool) -> str:
        """Say what no chain shows, with an anchor neither."""
        return unseen(anchored=anchored)

    def verify(self, anchor: Path | None) -> Report:
        """Verify the history."""
        return verify(None if anchor is None else anchors.read(anchor))
