"""Line 14: the memory that a file of a million points takes."""

import json
import subprocess
import sys
from collections.abc import Iterator

from bench.lines import Line
from bench.past import Past
from qredo_dash import home

POINTS = 1_000_000


def lines(past: Past) -> Iterator[Line]:
    """Let a process of its own fetch the file."""
    address = f"/accounts/{past.accounts[0].uid}/series.csv?asset=BTC&range=all&every=change"
    words = [sys.executable, "-m", "bench.fetching", str(past.reader.pk), address, str(POINTS)]
    ran = subprocess.run(words, cwd=home.PROJECT, stdout=subprocess.PIPE, check=True)
    told = json.loads(ran.stdout)
    name = f"CSV of {told['lines']} points, memory over idle"
    # A shorter file shows nothing: it misses whatever it takes.
    yield Line(14, name, told["over"] / 1000, "MB", 64 if told["lines"] >= POINTS else 0)
