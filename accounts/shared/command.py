"""What the project's commands have in common: JSON alone on standard output, one line per error."""

import json
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from accounts.shared import origins

#: Exit codes: what was asked for could not be done; it could not be understood.
FAILED, UNUSABLE = 1, 2


class Command(BaseCommand):
    """A command that never shows a traceback."""

    requires_system_checks: list[str] = []
    #: Options whose value may begin with a hyphen, which argparse alone takes for an option.
    hyphened: tuple[str, ...] = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Run, and turn an expected error into one line and its exit code."""
        self._called_from_command_line = True  # usage errors then end with code 2
        logging.disable(logging.INFO)  # standard error is for errors here
        parser = self.create_parser(argv[0], argv[1])
        options = vars(parser.parse_args(self._joined(argv[2:], parser)))
        arguments = options.pop("args", ())
        try:
            self.execute(*arguments, **options)
        except CommandError as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(error.returncode)
        except (OperationalError, InterfaceError) as error:
            first_line = str(error).strip().partition("\n")[0]
            sys.stderr.write(f"The database cannot be used: {first_line}\n")
            sys.exit(UNUSABLE)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Carry the command out; what it does is on record as done by whoever runs it."""
        name = type(self).__module__.rpartition(".")[2]
        with origins.acting_from(origins.of_command(name)):
            return super().execute(*args, **options)

    def _joined(self, words: list[str], parser: ArgumentParser) -> list[str]:
        known = {name for action in parser._actions for name in action.option_strings}  # noqa: SLF001
        joined: list[str] = []
        for word in words:
            if joined and joined[-1] in self.hyphened and word[:1] == "-" and word not in known:
                joined[-1] += f"={word}"
            else:
                joined.append(word)
        return joined

    def emit(self, value: Mapping[str, object]) -> None:
        """Write one JSON line."""
        # ASCII: no terminal and no locale changes what an asset's name is.
        self.stdout.write(json.dumps(value))

    def refuse(self, text: str, *, code: int = FAILED) -> NoReturn:
        """End with one readable line."""
        raise CommandError(text, returncode=code)
