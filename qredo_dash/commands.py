"""From a command line to a command: stores first, then Django; errors as one readable line."""

import os
import sys
from collections.abc import Collection, Sequence
from contextlib import nullcontext

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import InterfaceError, OperationalError

from embedded import StoresError
from qredo_dash import home

#: Exit code for a usage error, an unknown id, or stores that cannot be reached.
UNUSABLE = 2


def run(arguments: Sequence[str], *, storeless: Collection[str]) -> int:
    """Run one command line and return its exit code."""
    command = arguments[1] if len(arguments) > 1 else "help"
    needed = nullcontext() if command in storeless or "--help" in arguments else home.stores()
    try:
        with needed:
            execute_from_command_line(list(arguments))
    except (StoresError, ImproperlyConfigured) as error:
        return _say(str(error))
    except (OperationalError, InterfaceError) as error:
        return _say(f"The database cannot be used: {_first_line(error)}")
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        # A traceback could quote a row or a frame; whoever hunts the bug asks for it.
        if "--traceback" in arguments:
            raise
        return _say(f"The command failed: {type(error).__name__}. Add --traceback to see where.")
    return 0


def _say(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return UNUSABLE


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
