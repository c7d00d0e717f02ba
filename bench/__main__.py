"""Run the benchmark: `python -m bench [--accounts N]`."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--accounts", type=int, default=1000)
    options = parser.parse_args()
    # What is measured is this program, not the manners that hold it back.
    os.environ.update(QREDO_RATE_PER_SECOND="10000", QREDO_CONCURRENCY="10000")
    with founded():
        return run(options.accounts)


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


def run(accounts: int) -> int:
    """Measure everything and print table and JSON."""
    from bench import lines, pages, polls, scene

    with scene.simulator() as told:
        stage = scene.build(told, accounts)
        found = [*polls.lines(stage), *pages.lines(scene.first(stage, 100))]
    print(lines.table(found))
    print(lines.as_json(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
