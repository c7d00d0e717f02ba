"""Take a lost second factor from a person who has proved who they are, and end their sessions."""

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator

from accounts.access import sessions
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.models import User
from accounts.shared import command, mail


class Command(command.Command):
    """The last way in for somebody without device and recovery codes; SECURITY.md says when."""

    help = "Remove a person's second factors and recovery codes, and end their sessions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--email", required=True)

    def handle(self, **options: Any) -> None:
        """Remove them, tell the person, and print how many they were."""
        email = options["email"].strip().lower()
        with together():
            user = User.objects.filter(email=email).first()
            if user is None:
                self.refuse("Nobody has this address.")
            found = Authenticator.objects.filter(user_id=user.pk)
            kinds = [str(kind) for kind in found.values_list("type", flat=True)]
            found.delete()
            sessions.end_others(user, but=None)
            for kind in kinds:
                record("factor.removed", objects.person(user), by=None, before={"kind": kind})
        mail.send("factor_removed", email, {})
        self.emit({"email": email, "removed": len(kinds)})
