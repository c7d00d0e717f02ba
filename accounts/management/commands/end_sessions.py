"""End the sessions of a person or of everybody, at once."""

from argparse import ArgumentParser
from typing import Any

from accounts.access import sessions
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.models import User
from accounts.shared import command


class Command(command.Command):
    """Ends sessions for an operator who has none of their own."""

    help = "End every session of a person (--email) or of everybody (--everybody)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        one = parser.add_mutually_exclusive_group(required=True)
        one.add_argument("--email")
        one.add_argument("--everybody", action="store_true")

    def handle(self, **options: Any) -> None:
        """End them and print how many they were."""
        with together():
            ended = _of_everybody() if options["everybody"] else self._of(options["email"])
        self.emit({"sessions": ended})

    def _of(self, email: str) -> int:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            self.refuse("Nobody has this address.")
        ended = sessions.end_others(user, but=None)
        record("session.ended", objects.person(user), by=None, after={"sessions": ended})
        return ended


def _of_everybody() -> int:
    """End them all, on record with each person, and once with the installation."""
    held = sessions.counted()
    ended = sessions.end_all()
    for user in User.objects.filter(pk__in=held).order_by("pk"):
        record("session.ended", objects.person(user), by=None, after={"sessions": held[user.pk]})
    record("session.ended", objects.everybody(), by=None, after={"sessions": ended})
    return ended
