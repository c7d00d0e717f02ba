"""Line 14: the memory that a file of many points takes."""

import json
import subprocess
import sys
from collections.abc import Iterator

from bench.lines import Line
from bench.past import Past
from qredo_dash import home

#: A shorter file shows nothing. The larger history of `--per-day 3` gives more than a million.
FEWEST = 100_000


def lines(past: Past) -> Iterator[Line]:
    """Let a process of its own fetch every change of one asset, of all accounts."""
    words = [sys.executable, "-m", "bench.fetching", str(past.reader.pk)]
    words.append("/series.csv?asset=BTC&every=change")
    ran = subprocess.run(words, cwd=home.PROJECT, stdout=subprocess.PIPE, check=True)
    told = json.loads(ran.stdout)
    name = f"CSV of {told['lines']} changes, memory over idle"
    yield Line(14, name, told["over"] / 1000, "MB", 64 if told["lines"] >= FEWEST else 0)
