"""Make the vault's keyset, or take a step of its rotation: add, promote, retire a key."""

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.shared import command
from accounts.vault import keysets, rotation
from accounts.vault.keyset_files import FilesError, KeysetFiles, alone_in, files_in


class Command(command.Command):
    """Writes both halves to files that only their owner reads; a step replaces both whole."""

    help = (
        "Write a new keyset and its public half into FOLDER, or change the one that is there."
        " A rotation: --add, --promote, `rotate_vault`, --retire KEYID."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "folder", type=Path, nargs="?", metavar="FOLDER", help="default: DATA_DIR"
        )
        step = parser.add_mutually_exclusive_group()
        step.add_argument("--add", action="store_true", help="one more key, which opens only")
        step.add_argument(
            "--promote", nargs="?", type=int, const=0, metavar="KEYID",
            help="let this key, or else the newest, seal from now on",
        )  # fmt: skip
        step.add_argument(
            "--retire", type=int, metavar="KEYID", help="take a key out that sealed nothing stored"
        )

    def handle(self, **options: Any) -> None:
        """Take the step and say which keys there are now."""
        folder = options["folder"] or self._own_folder()
        if options["retire"] is not None:
            self._require_database(folder)
        try:
            with alone_in(folder):
                files = files_in(folder)
                private = self._changed(files, self._step(options))
        except (FilesError, keysets.BadKeysetError) as error:
            self.refuse(str(error))
        self.emit(
            {
                "vault_keyset": str(files.private),
                "vault_public_keyset": str(files.public),
                "vault_keys": list(keysets.key_ids(private)),
                "primary": keysets.primary_id(private),
            }
        )

    def _own_folder(self) -> Path:
        if settings.SERVER_INSTALLATION:
            self.refuse("Name the folder of the keyset's two files.", code=command.UNUSABLE)
        return Path(settings.DATA_DIR)

    def _require_database(self, folder: Path) -> None:
        """Only the database that the keyset belongs to knows what is still sealed with a key."""
        if not settings.SERVER_INSTALLATION and folder.resolve() != settings.DATA_DIR.resolve():
            self.refuse(
                "Set DATABASE_URL_FILE: only the database of this keyset knows whether the key is"
                " still needed. Nothing was changed.",
                code=command.UNUSABLE,
            )

    def _step(self, options: dict[str, Any]) -> Callable[[str], str] | None:
        promote, retire = options["promote"], options["retire"]
        if promote is not None:
            return lambda private: keysets.promoted(
                private, promote or keysets.key_ids(private)[-1]
            )
        if retire is not None:
            return lambda private: self._retired(private, retire)
        return keysets.with_new_key if options["add"] else None

    def _changed(self, files: KeysetFiles, step: Callable[[str], str] | None) -> str:
        if step is None:
            return files.make()
        private = step(files.read())
        files.replace(private)
        return private

    def _retired(self, private: str, key_id: int) -> str:
        remaining = keysets.without_key(private, key_id)
        found = rotation.counts()
        held = set(keysets.key_ids(private))
        if not found.keys() <= held:
            self.refuse("This is not the keyset of this database. Nothing was changed.")
        if not found.keys() & held:
            self.refuse(
                "The database holds no API key that this keyset has sealed, so it does not tell"
                " whether the key is needed. Is it the right database? Nothing was changed."
            )
        if found[key_id]:
            self.refuse(
                f"{found[key_id]} stored API keys are still sealed with vault key {key_id}."
                " Run `manage.py rotate_vault` first."
            )
        return remaining
