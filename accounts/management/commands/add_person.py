"""Let a person in; their password comes on standard input and is never shown."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import cli
from accounts.models import Membership, Organization, Role, User


class Command(cli.Command):
    """Makes a person, or gives one that exists a role in one more organization."""

    help = "Add a person. A new one's password is read from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="")
        parser.add_argument("--organization", help="its name; made if it is missing")
        parser.add_argument("--role", choices=Role.values, default=Role.VIEWER)

    @transaction.atomic
    def handle(self, **options: Any) -> None:
        """Add the person and print who they are."""
        try:
            user = self._person(options["email"], options["name"])
            self._join(user, options["organization"], options["role"])
        except ValidationError as error:
            self.refuse(" ".join(error.messages))
        self.emit({"email": user.email})

    def _person(self, email: str, name: str) -> User:
        found = User.objects.filter(email=email.strip().lower()).first()
        if found is not None:
            return found
        user = User(email=email.strip().lower(), name=name)
        password = sys.stdin.readline().rstrip("\r\n")
        user.set_password(password)
        user.full_clean()
        validate_password(password, user)
        user.save()
        return user

    def _join(self, user: User, organization: str | None, role: str) -> None:
        if not organization:
            return
        body = Organization.objects.filter(name=organization).first()
        if body is None:
            body = Organization(name=organization)
            body.full_clean()
            body.save()
        Membership.objects.update_or_create(user=user, organization=body, defaults={"role": role})
