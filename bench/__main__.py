"""Run the benchmark: `python -m bench --help`."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.lines import Line

#: Lines that are measured on one scene, after the other.
POLLS, BYTES, PAGES, CROWD = {1, 2, 3, 4, 6}, {5}, {11, 12, 15}, {13}
PAST = {7, 8, 9, 10, 14, *range(16, 25)}


def main() -> int:
    options = _options()
    # What is measured is this program, not the manners that hold it back.
    os.environ.update(QREDO_RATE_PER_SECOND="10000", QREDO_CONCURRENCY="10000", DEMO="0")
    with founded():
        return run(options)


@contextmanager
def founded() -> Iterator[None]:
    """Run stores of its own, migrated, with Django upon them."""
    with tempfile.TemporaryDirectory(prefix="qredo-dash-bench-") as folder:
        place = Path(folder)
        place.chmod(0o711)
        data = str(place / "data")
        os.environ.update(DATA_DIR=data, DJANGO_SETTINGS_MODULE="qredo_dash.settings")
        import django

        from qredo_dash import home

        with home.stores():
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(migrate, cwd=home.PROJECT, check=True)  # in a process that is the owner
            django.setup()
            yield


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--only", type=int, nargs="+", metavar="LINE", help="these lines alone")
    parser.add_argument("--accounts", type=int, default=1000, help="that are polled")
    parser.add_argument(
        "--history", type=int, default=1000, help="accounts of lines 7 to 10, 16 to 24"
    )
    parser.add_argument("--days", type=int, default=365, help="that their history reaches back")
    parser.add_argument(
        "--per-day", type=int, default=1, help="changes an account and day; ten times, the larger"
    )
    parser.add_argument("--crowd", type=int, default=5000, help="accounts of line 13")
    options = parser.parse_args()
    options.only = set(options.only or range(1, 25))
    return options


def run(options: argparse.Namespace) -> int:
    """Measure and print table and JSON."""
    from bench import lines

    found = [line for line in _measured(options) if line.number in options.only]
    found.sort(key=lambda line: line.number)
    print(lines.table(found))
    print(lines.as_json(found))
    return 0


def _measured(options: argparse.Namespace) -> "Iterator[Line]":
    """Measure what is wanted, smallest tables first; say on standard error how far it is."""
    for numbers, measure in (
        (BYTES, _bytes),
        (POLLS | PAGES, _polled),
        (CROWD, _crowd),
        (PAST, _past),
    ):
        if numbers & options.only:
            for line in measure(options):
                print(" ".join(line.cells()), file=sys.stderr)
                yield line


def _polled(options: argparse.Namespace) -> "Iterator[Line]":
    from bench import first_load, latency, messages, pages, polls, scene

    with scene.simulator() as told:
        stage = scene.build(told, options.accounts)
        yield from polls.lines(stage)
        if 3 in options.only:
            yield from latency.lines(stage)
        if 4 in options.only:
            yield from messages.lines(stage)
        hundred = scene.seen(stage)
        if PAGES & options.only:
            yield from pages.lines(hundred)
            yield from first_load.lines(hundred)


def _bytes(_options: argparse.Namespace) -> "Iterator[Line]":
    from bench import storage

    yield from storage.lines()


def _crowd(options: argparse.Namespace) -> "Iterator[Line]":
    from bench import crowded

    yield from crowded.lines(options.crowd)


def _past(options: argparse.Namespace) -> "Iterator[Line]":
    from bench import files, long_pages, past

    sizes = past.Sizes(options.history, 10, options.days, options.per_day)
    first = past.seeded(sizes, 1)
    small, small_pages = (of.measured(first, options.only) for of in (past, long_pages))
    history = past.seeded(sizes, 2, times=10)
    yield from past.lines(small, past.measured(history, options.only))
    yield from long_pages.lines(small_pages, long_pages.measured(history, options.only))
    if 14 in options.only:
        yield from files.lines(history)


if __name__ == "__main__":
    sys.exit(main())
