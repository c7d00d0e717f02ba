"""The table: a line a fault, printed as it ends."""

from dataclasses import astuple

from tests.faults.audit import Tally
from tests.faults.trial import Trial

_NAMES = ("times", "due", "fresh", "failed", "missed", "twice", "lost", "torn", "p50 s", "p95 s")
_WIDTH = 8


def heading() -> str:
    return f"{'#':>2}  {'fault':<44}" + "".join(f"{name:>{_WIDTH}}" for name in _NAMES) + "  rule"


def line(number: int, name: str, trial: Trial, tally: Tally | None) -> str:
    counts = ["-"] * 7 if tally is None else [str(value) for value in astuple(tally)]
    cells = [str(trial.injected), *counts, _seconds(trial, 0.5), _seconds(trial, 0.95)]
    verdict = "BROKEN" if trial.broken else "ok"
    first = f"{number:>2}  {name:<44}" + "".join(f"{cell:>{_WIDTH}}" for cell in cells)
    remarks = [*(f"broken: {rule}" for rule in trial.broken), *trial.notes]
    return "\n".join([f"{first}  {verdict}", *(f"      {remark}" for remark in remarks)])


def _seconds(trial: Trial, share: float) -> str:
    seconds = trial.recovery(share)
    return "-" if seconds is None else f"{seconds:.1f}"
