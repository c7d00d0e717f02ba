"""The app of people, organizations, accounts and their keys."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts."""

    name = "accounts"

    def ready(self) -> None:
        """Heed what happens in allauth."""
        from allauth.mfa.signals import authenticator_added  # noqa: PLC0415 - models are there now

        from accounts.second_factors import end_sessions_without  # noqa: PLC0415 - likewise

        authenticator_added.connect(end_sessions_without, dispatch_uid="first factor")
