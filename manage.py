#!/usr/bin/env python3
"""Run a command of the project; without `DATABASE_URL` the embedded stores run meanwhile."""

import os
import sys
from pathlib import Path

VENV_PYTHON = Path(__file__).resolve().parent / ".venv" / "bin" / "python"

#: Commands that need no store, so that none is started for them.
STORELESS = {"collectstatic", "help", "new_vault_key", "version", "--help", "--version"}

#: Commands that change the schema, or make a database of their own: the tables' owner runs them.
OWNERS = {"createcachetable", "flush", "migrate", "test", "testserver"}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qredo_dash.settings")
    use_project_python()
    from qredo_dash.commands import run

    # Before a vault key is retired, the database is asked what is still sealed with it.
    asks = {"new_vault_key"} if any(word.startswith("--retire") for word in sys.argv) else set()
    return run(sys.argv, storeless=STORELESS - asks, owners=OWNERS)


def use_project_python() -> None:
    """Start over with the project's own Python, so that any `python3 manage.py` works."""
    inside = Path(sys.prefix).resolve() == VENV_PYTHON.parent.parent.resolve()
    if not inside and VENV_PYTHON.exists():
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), *sys.argv])


if __name__ == "__main__":
    sys.exit(main())
