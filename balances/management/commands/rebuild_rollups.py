"""Make the roll-ups anew from changes and tenures, or check that they agree."""

from argparse import ArgumentParser
from typing import Any

from django.db import transaction

from accounts.models import Organization, User
from accounts.shared import command
from balances.core import sql
from balances.ledger import rollups


class Command(command.Command):
    """Exit code 1 if `--check` finds a difference."""

    help = "Make every owner's roll-ups anew; with --check only compare."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--check", action="store_true")

    def handle(self, **options: Any) -> None:
        """Rebuild or compare."""
        if not options["check"]:
            owners: list[User | Organization] = [*Organization.objects.all()]
            owners += User.objects.all()
            for owner in owners:
                with transaction.atomic():
                    sql.take_time()
                    rollups.rebuild(owner)
        with transaction.atomic():
            sql.take_time()
            different = rollups.differences()
        first = different[0] if different else None
        self.emit(
            {
                "ok": first is None,
                "first_bad": None
                if first is None
                else {
                    "table": first.table,
                    "at": first.at.isoformat(),
                    "field": first.field,
                    "expected": first.expected,
                    "found": first.found,
                },
            }
        )
        if first is not None:
            self.refuse("The roll-ups differ from changes and tenures.")
