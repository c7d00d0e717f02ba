"""Seal every stored API key anew with the vault's primary key, while polling goes on."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from accounts.shared import command
from accounts.vault import rotation


class Command(command.Command):
    """May be ended and run again at any time: it goes on with what is left."""

    help = "Seal stored API keys anew with the vault's primary key, and count them by vault key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="one JSON line")

    def handle(self, **options: Any) -> None:
        """Rotate, tell what is sealed with which key, and fail while anything is left."""
        done = rotation.rotate()
        standing = rotation.standing()
        if options["json"]:
            self.emit(self._facts(done, standing))
        else:
            self._tell(done, standing)
        if done.unreadable or standing.left:
            self.refuse(self._unfinished(done, standing))

    def _facts(self, done: rotation.Rotated, standing: rotation.Standing) -> dict[str, object]:
        return {
            "resealed": done.resealed,
            "unreadable": [str(key.account.uid) for key in done.unreadable],
            "primary": standing.primary,
            "sealed_with": {str(key): many for key, many in standing.sealed_with.items()},
            "retirable": list(standing.retirable),
        }

    def _tell(self, done: rotation.Rotated, standing: rotation.Standing) -> None:
        self.stdout.write(f"Sealed anew: {done.resealed}")
        for key, many in standing.sealed_with.items():
            role = " (primary)" if key == standing.primary else ""
            self.stdout.write(f"Sealed with vault key {key}{role}: {many}")
        for key in standing.retirable:
            self.stdout.write(
                f"Nothing is left on vault key {key}: `manage.py new_vault_key {_folder()}--retire"
                f" {key}`"
            )

    def _unfinished(self, done: rotation.Rotated, standing: rotation.Standing) -> str:
        if not done.unreadable:
            return f"{standing.left} were sealed with another key meanwhile. Run it again."
        accounts = ", ".join(str(key.account.uid) for key in done.unreadable[:5])
        return (
            f"{len(done.unreadable)} could not be opened and stay as they are; accounts {accounts}."
            " Replace their keys, or restore the keyset that opens them."
        )


def _folder() -> str:
    """Return what a server's command names before the option: its keyset's folder."""
    return "FOLDER " if settings.SERVER_INSTALLATION else ""
