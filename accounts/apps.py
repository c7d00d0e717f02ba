"""The app of people, organizations, accounts and their keys."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts."""

    name = "accounts"

    def ready(self) -> None:
        """Put sign-ins on record, by whatever way people sign in."""
        from accounts.audit import sign_ins  # noqa: PLC0415 - needs the models

        sign_ins.watch()
