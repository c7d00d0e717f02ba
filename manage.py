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

    storeless = STORELESS - {"new_vault_key"} if retires_own_key(sys.argv) else STORELESS
    return run(sys.argv, storeless=storeless, owners=OWNERS)


def retires_own_key(words: list[str]) -> bool:
    """Whether a key of the embedded keyset is retired: then the embedded database is asked.

    A keyset in a folder of its own belongs to a server, whose database has an address.
    """
    rest = [word for word in words[2:] if not word.startswith("--retire=")]
    if "--retire" in rest:
        place = rest.index("--retire")
        del rest[place : place + 2]
    return len(rest) < len(words[2:]) and all(word.startswith("-") for word in rest)


def use_project_python() -> None:
    """Start over with the project's own Python, so that any `python3 manage.py` works."""
    inside = Path(sys.prefix).resolve() == VENV_PYTHON.parent.parent.resolve()
    if not inside and VENV_PYTHON.exists():
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), *sys.argv])


if __name__ == "__main__":
    sys.exit(main())
