"""Give up API keys that a lost vault key has sealed: their accounts wait for new ones."""

from argparse import ArgumentParser
from typing import Any

from accounts.shared import command
from accounts.vault import rotation
from balances.lifecycle import keys as lifecycle_keys


class Command(command.Command):
    """The way out when a keyset is gone for good; nobody can open these secrets any more."""

    help = "Revoke the API keys that were sealed with a vault key which is lost for good."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("vault_key", type=int, metavar="VAULT_KEY")

    def handle(self, **options: Any) -> None:
        """Revoke them, a line each."""
        lost: int = options["vault_key"]
        if lost in rotation.standing().held:
            self.refuse(f"Vault key {lost} is in the keyset: nothing is lost.")
        keys = rotation.sealed_with(lost)
        if not keys:
            self.refuse(f"No stored API key was sealed with vault key {lost}.")
        for key in keys:
            if lifecycle_keys.revoke_key(key.account, by=None):
                self.emit({"account": str(key.account.uid), "revoked": key.key_id})
