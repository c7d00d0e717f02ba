"""Let a person in; their password is typed twice or comes on standard input, never shown."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.models import Membership, Organization, Role, User
from accounts.passwords.strength import refuse_guessable, words_of
from accounts.shared import command


class Command(command.Command):
    """Makes a person, or gives one that exists a role in one more organization."""

    help = "Add a person. A new one's password is asked for twice, or read from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="")
        parser.add_argument("--organization", help="its name; made if it is missing")
        parser.add_argument("--role", choices=Role.values, default=Role.VIEWER)

    def handle(self, **options: Any) -> None:
        """Add the person and print who they are."""
        try:
            with together():
                user, is_new = self._person(
                    options["email"], options["name"], options["organization"]
                )
                self._join(user, options["organization"], options["role"])
        except ValidationError as error:
            self.refuse(" ".join(error.messages))
        self.emit({"email": user.email, "added": is_new})
        if not is_new:
            self._say_who_was_there(user, options["organization"], options["role"])

    def _say_who_was_there(self, user: User, organization: str | None, role: str) -> None:
        told = f"{user.email} was there already, with name and password as they are."
        if organization:
            told += f" The role in {organization} is {role} now."
        self.stderr.write(f"{told} A new password: changepassword {user.email}")

    def _person(self, email: str, name: str, organization: str | None) -> tuple[User, bool]:
        """Return the person, and whether they are new."""
        found = User.objects.filter(email=email.strip().lower()).first()
        if found is not None:
            return found, False
        user = User(email=email.strip().lower(), name=name)
        password = self._typed()
        user.set_password(password)
        user.full_clean()
        validate_password(password, user)
        refuse_guessable(password, [*words_of(user), organization or ""])
        user.save()
        record("person.added", objects.installed(objects.person(user)), by=None)
        return user, True

    def _typed(self) -> str:
        if not sys.stdin.isatty():
            return sys.stdin.readline().rstrip("\r\n")
        # Unlike a plain read, it does not echo: a slip would not be seen, so it is asked for twice.
        typed = getpass("Password: ", sys.stderr)
        if getpass("The same again: ", sys.stderr) != typed:
            self.refuse("The two passwords are not the same. Nothing was added.")
        return typed

    def _join(self, user: User, organization: str | None, role: str) -> None:
        if not organization:
            return
        body = Organization.objects.filter(name=organization).first()
        if body is None:
            body = Organization(name=organization)
            body.full_clean()
            body.save()
            record("organization.added", objects.organization(body), by=None)
        self._give_role(user, body, role)

    def _give_role(self, user: User, body: Organization, role: str) -> None:
        member = Membership.objects.select_for_update().filter(user=user, organization=body).first()
        about = objects.person(user, log=objects.log_of_organization(body))
        if member is None:
            Membership.objects.create(user=user, organization=body, role=role)
            record("member.added", about, by=None, after={"role": role})
        elif member.role != role:
            told = {"before": {"role": member.role}, "after": {"role": role}}
            Membership.objects.filter(pk=member.pk).update(role=role)
            record("member.role_changed", about, by=None, **told)
