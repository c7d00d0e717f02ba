"""Run the benchmark: `python -m bench [--accounts N]`."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--accounts", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qredo-dash-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        os.environ.update(DATA_DIR=str(home / "data"), DJANGO_SETTINGS_MODULE="qredo_dash.settings")
        # What is measured is this program, not the manners that hold it back.
        os.environ.update(QREDO_RATE_PER_SECOND="10000", QREDO_CONCURRENCY="10000")
        return run(options.accounts)


def run(accounts: int) -> int:
    """Measure everything with stores of its own and print table and JSON."""
    import django

    from qredo_dash import home

    with home.stores():
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=home.PROJECT, check=True)  # in a process that is the owner
        django.setup()
        from bench import lines, pages, polls, scene

        with scene.simulator() as told:
            stage = scene.build(told, accounts)
            found = [*polls.lines(stage), *pages.lines(scene.first(stage, 100))]
        print(lines.table(found))
        print(lines.as_json(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
