"""Add an account; its API secret comes on standard input and is never shown."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError

import qredo
from accounts.enrolment import Candidate
from accounts.labels import LabelTakenError
from accounts.models import Account, Environment, Organization, User, Wallets
from accounts.shared import command
from accounts.shared.demo_data import MixedDataError
from accounts.words import plain_words, tidy
from balances.lifecycle.onboarding import add_account
from balances.portfolio import overlaps

#: More than any secret has; the rest of the input is not even read.
LONGEST_SECRET = 4096


class Command(command.Command):
    """Tests the key with `GET /balance` and stores that answer as the first snapshot."""

    help = "Add an account. The API secret is read from standard input."
    hyphened = ("--api-key",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--label", required=True)
        owner = parser.add_mutually_exclusive_group(required=True)
        owner.add_argument("--organization", help="its name; made if it is missing")
        owner.add_argument("--owner", help="e-mail of the person whose personal account it is")
        parser.add_argument("--environment", required=True, choices=Environment.values)
        parser.add_argument("--api-key", required=True, help="the key's id")
        parser.add_argument(
            "--some-wallets", action="store_true", help="the key sees only some of the wallets"
        )
        parser.add_argument("--no-verify", action="store_true", help="keep the key untested")

    def handle(self, **options: Any) -> None:
        """Add the account and print its id."""
        candidate = self._candidate(**options)
        label = self._words(options["label"], "label")
        owner = self._owner(options["owner"], options["organization"])
        try:
            added = add_account(
                candidate, label=label, owner=owner, by=None, verify=not options["no_verify"]
            )
        except (qredo.QredoError, LabelTakenError) as error:
            self.refuse(_reason(error, label))
        except MixedDataError as error:
            self.refuse(str(error), code=command.UNUSABLE)
        except (ImproperlyConfigured, ValueError) as error:
            # Names the setting, never the key: raised before anything is signed.
            self.refuse(str(error), code=command.UNUSABLE)
        self.emit({"id": str(added.account.uid), "verified": added.verified})
        if added.refused:
            self.stderr.write(f"Its balances are unknown still. {added.refused}")
        self._tell_of_twins(overlaps.accounts_with_key_of(added.account))

    def _tell_of_twins(self, twins: list[Account]) -> None:
        """Say on standard error which accounts have the same key, as far as it fits a line."""
        if twins:
            ids = ", ".join(str(one.uid) for one in twins[:5])
            more = f" and {len(twins) - 5} more" if len(twins) > 5 else ""
            self.stderr.write(
                f"This key answers for the same Qredo account as {ids}{more}: its amounts are in"
                " the totals more than once until all but one do not count."
            )

    def _candidate(
        self, *, api_key: str, environment: str, some_wallets: bool, **_: Any
    ) -> Candidate:
        wallets = Wallets.SOME if some_wallets else Wallets.ALL
        try:
            secret = qredo.decode_secret(_typed_secret())
            key_id = qredo.clean_key_id(api_key)
            return Candidate(key_id, secret, Environment(environment), wallets=wallets)
        except (qredo.BadSecret, qredo.BadKeyId) as error:
            self.refuse(str(error))

    def _words(self, text: str, name: str) -> str:
        words = tidy(text)
        try:
            plain_words(words)
        except ValidationError as error:
            self.refuse(f"{name}: {error.message}")
        if not 1 <= len(words) <= 80:
            self.refuse(f"{name}: give 1 to 80 characters.")
        return words

    def _owner(self, email: str | None, organization: str | None) -> User | Organization:
        if organization is not None:
            name = self._words(organization, "organization")
            return Organization.objects.filter(name=name).first() or Organization(name=name)
        try:
            return User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            self.refuse(f"Nobody has the e-mail {str(email)[:80]}. Add that person first.")


def _typed_secret() -> str:
    if sys.stdin is None:
        return ""  # closed; the message for an empty secret fits
    if sys.stdin.isatty():
        return getpass("API secret: ", sys.stderr)  # unlike a plain read, it does not echo
    # What is no text is no secret either, and none of its bytes are for an error's text.
    return sys.stdin.buffer.read(LONGEST_SECRET).decode("utf-8", "replace")


def _reason(error: Exception, label: str) -> str:
    if isinstance(error, qredo.QredoError):
        return f"{error.reason}: {error.detail}"
    return f"label: another account of this owner is called {label}."
