"""End a person's connection with a company's account, and the sessions that began by it."""

from argparse import ArgumentParser
from typing import Any

from accounts import company_accounts
from accounts.models import User
from accounts.shared import command


class Command(command.Command):
    """Ends what a person or an admin ends on their pages, for an operator without a session."""

    help = "End a person's connections with company accounts, and the sessions begun by them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--email", required=True)

    def handle(self, **options: Any) -> None:
        """End them and print how many they were."""
        email = options["email"].strip().lower()
        user = User.objects.filter(email=email).first()
        if user is None:
            self.refuse("Nobody has this address.")
        ended = company_accounts.disconnect(user, by=None)
        if not company_accounts.has_other_way_in(user):
            self.stderr.write(f"{email} has no other way to sign in: see manage.py changepassword.")
        self.emit({"email": email, "connections": ended})
