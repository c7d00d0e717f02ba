"""Make a keyset for the vault of a server installation."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from accounts import cli
from accounts.keysets import new_keyset, public_half


class Command(cli.Command):
    """Writes both halves to files that only their owner reads; overwrites nothing."""

    help = "Write a new private keyset and its public half into FOLDER."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("folder", type=Path, metavar="FOLDER")

    def handle(self, **options: Any) -> None:
        """Make and write the two files."""
        folder: Path = options["folder"]
        private = new_keyset()
        halves = {"vault_keyset": private, "vault_public_keyset": public_half(private)}
        taken = [name for name in halves if (folder / name).exists()]
        if taken:
            self.refuse(f"{taken[0]} is there already. A keyset is never overwritten.")
        for name, text in halves.items():
            self._write(folder / name, text)
        self.emit({name: str(folder / name) for name in halves})

    def _write(self, path: Path, text: str) -> None:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            self.refuse(f"{path.name} cannot be written: {error.strerror}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
