"""From a command line to a command: stores first, then Django; errors as one readable line."""

import os
import signal
import sys
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from io import TextIOWrapper
from types import FrameType
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import InterfaceError, OperationalError
from psycopg.errors import InsufficientPrivilege, UndefinedColumn, UndefinedFunction, UndefinedTable

from embedded import StoresError
from qredo_dash import database, home, logs

#: Exit code for a usage error, an unknown id, or stores that cannot be reached.
UNUSABLE = 2


def run(arguments: Sequence[str], *, storeless: Collection[str], owners: Collection[str]) -> int:
    """Run one command line and return its exit code."""
    command = arguments[1] if len(arguments) > 1 else "help"
    if command in owners:
        os.environ[database.PROCESS] = database.OWNER
    asks_for_help = not {"--help", "-h"}.isdisjoint(arguments)
    needed = nullcontext() if command in storeless or asks_for_help else home.stores()
    _end_in_order()
    # What a poll did is in the output of a command; the lines for operators are of the processes.
    logs.CONFIGURATION["loggers"]["balances.polling.announcements"] = {"level": "CRITICAL"}
    if isinstance(sys.stdout, TextIOWrapper):
        # A locale that lacks a letter must not keep a figure from being told.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with needed:
            execute_from_command_line(list(arguments))
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if (line := _explained(error)) is not None:
            return _say(line)
        # A traceback could quote a row or a frame; whoever hunts the bug asks for it.
        if "--traceback" in arguments:
            raise
        return _say(f"The command failed: {type(error).__name__}. Add --traceback to see where.")
    return 0


def _explained(error: Exception) -> str | None:
    """Return the line that tells a person what an expected error means."""
    if isinstance(error, StoresError | ImproperlyConfigured | home.WrongInstallationError):
        return str(error)
    if isinstance(error, OperationalError | InterfaceError):
        return f"The database cannot be used: {_first_line(error)}"
    cause = error.__cause__ or error  # Django's errors have the driver's for a cause; COPY has none
    if isinstance(cause, UndefinedTable | UndefinedColumn | UndefinedFunction):
        return "The database has no tables yet, or old ones. Run `manage.py migrate`."
    if isinstance(cause, InsufficientPrivilege):
        return f"The database's role may not do this: {_first_line(error)}"
    return None


def _end_in_order() -> None:
    """Let `kill` and a closed terminal end a command as Ctrl-C does: it gives the stores back."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _leave)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # a second one must not interrupt the giving back
    sys.exit(128 + number)


def _say(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return UNUSABLE


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
