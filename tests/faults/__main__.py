"""Inject faults into the running program: `python -m tests.faults [NUMBER ...] [--times N]`."""

import argparse
import random
import sys
import time
import traceback

from tests.faults import table
from tests.faults.catalogue import FAULTS, Fault
from tests.faults.trial import Trial


def main() -> int:
    options = _options()
    chosen = [fault for fault in FAULTS if not options.numbers or fault.number in options.numbers]
    print(f"seed {options.seed}", table.heading(), sep="\n", flush=True)
    begun = time.monotonic()
    sound = [_tried(fault, options) for fault in chosen]
    print(f"{sum(sound)} of {len(sound)} ok in {(time.monotonic() - begun) / 60:.0f} min")
    return 0 if all(sound) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    known = [fault.number for fault in FAULTS]
    parser.add_argument("numbers", type=int, nargs="*", metavar="NUMBER")
    parser.add_argument("--times", type=int, help="inject each at most so often")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 10**6)
    parser.add_argument("--minutes", type=float, help="how long two beats run (fault 7)")
    options = parser.parse_args()
    if unknown := set(options.numbers) - set(known):
        parser.error(f"no such fault: {sorted(unknown)}; there are {known}")
    return options


def _tried(fault: Fault, options: argparse.Namespace) -> bool:
    """Try one fault and print its line, whatever becomes of it."""
    times = min(fault.times, options.times or fault.times)
    chance = random.Random(f"{options.seed} {fault.number}")  # noqa: S311 - to be repeated by its seed
    trial = Trial(times, chance, options.minutes)
    tally = None
    try:
        tally = fault.run(trial)
    except Exception as error:  # noqa: BLE001 - the other faults are tried all the same
        traceback.print_exc()
        trial.breaks(f"the trial broke off: {type(error).__name__} {error}".strip())
    print(table.line(fault.number, fault.name, trial, tally), flush=True)
    return not trial.broken


if __name__ == "__main__":
    sys.exit(main())
