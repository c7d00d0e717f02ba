"""Load the demo's accounts and their past, if they are missing."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from accounts.shared import command
from balances.demo import past, progress
from balances.demo.people import ensure_people
from balances.demo.simulator import turned_back


class Command(command.Command):
    """Runs once beside the program; a second run finds everything there."""

    help = "Load the demo's accounts and 90 days of their history."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, **options: Any) -> None:
        """Load what is missing."""
        if not settings.DEMO:
            self.refuse("The demo is off. Set DEMO=1.", code=command.UNUSABLE)
        ensure_people()
        try:
            with turned_back(options["seed"]) as simulator:
                settings.QREDO_SIMULATOR_URLS = simulator.environments
                past.load(simulator, progress.tell)
        finally:
            progress.tell(None)
